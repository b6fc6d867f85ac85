# Quasi-Poisson rates by branch: glm on the sums of branch and period, and clubSandwich's CR2 with Satterthwaite
# degrees of freedom. (On single rows clubSandwich's adjustment depends on how a sum is split into rows.)
#   Rscript tests/reference/rates.R > tests/reference/rates.json
suppressMessages({library(clubSandwich); library(jsonlite)})
set.seed(20141)

made_up <- function(trained, comparison, rate, several) {
  branches <- trained + comparison
  rows <- do.call(rbind, lapply(seq_len(branches), function(b) {
    n <- if (several) sample(1:4, 2, replace = TRUE) else c(1, 1)
    data.frame(branch = b, trained = as.integer(b <= trained), after = rep(0:1, n))
  }))
  size <- rlnorm(branches, log(8000), 0.9)
  level <- rlnorm(branches, log(rate), 0.4)
  rows$exposure <- round(size[rows$branch] * rlnorm(nrow(rows), 0, 0.2) * (1 + 0.3 * rows$after * rows$trained))
  mean <- level[rows$branch] * exp(0.1 * rows$after - 0.3 * rows$after * rows$trained) * rows$exposure
  rows$events <- rnbinom(nrow(rows), mu = mean, size = mean / 2)
  rows
}

answer <- function(name, rows, formula, tested) {
  sums <- aggregate(cbind(events, exposure) ~ branch + trained + after, rows, sum)
  fit <- glm(formula, family = quasipoisson, data = sums,
             control = glm.control(epsilon = 1e-14, maxit = 100))
  test <- coef_test(fit, vcov = "CR2", cluster = sums$branch, test = "Satterthwaite", coefs = tested)
  list(name = name, rows = as.list(rows), estimate = test$beta, standard_error = test$SE, df = test$df_Satt,
       pvalue = test$p_Satt, dispersion = summary(fit)$dispersion, within = within_branches(sums))
}

# Given a branch's events in both periods, those after training are binomial.
within_branches <- function(sums) {
  pairs <- merge(sums[sums$after == 0, ], sums[sums$after == 1, ], by = c("branch", "trained"))
  pairs <- pairs[pairs$events.x + pairs$events.y > 0, ]
  alone <- length(unique(pairs$trained)) == 1
  fit <- glm(if (alone) cbind(events.y, events.x) ~ offset(log(exposure.y / exposure.x)) else
               cbind(events.y, events.x) ~ trained + offset(log(exposure.y / exposure.x)),
             family = binomial, data = pairs, control = glm.control(epsilon = 1e-14, maxit = 100))
  test <- coef_test(fit, vcov = "CR2", cluster = pairs$branch, test = "Satterthwaite",
                    coefs = if (alone) "(Intercept)" else "trained")
  list(estimate = test$beta, standard_error = test$SE, df = test$df_Satt, pvalue = test$p_Satt)
}

both <- events ~ trained * after + offset(log(exposure))
cat(toJSON(list(
  r = R.version.string, clubSandwich = as.character(packageVersion("clubSandwich")),
  answers = list(
    answer("seven of sixteen, several rows", made_up(7, 9, 0.002, TRUE), both, "trained:after"),
    answer("four of twenty, one row a period", made_up(4, 16, 0.002, FALSE), both, "trained:after"),
    answer("few events", made_up(6, 7, 0.0002, TRUE), both, "trained:after"),
    answer("nine trained alone", made_up(9, 0, 0.002, TRUE), events ~ after + offset(log(exposure)), "after")
  )
), auto_unbox = TRUE, digits = NA, pretty = FALSE))
