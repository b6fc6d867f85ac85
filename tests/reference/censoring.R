# Makes censoring.json: waits of which some were given up, by the package survival.
# Rscript tests/reference/censoring.R > tests/reference/censoring.json   (R 4.2, survival, jsonlite)
suppressMessages({library(survival); library(jsonlite)})
RNGversion("4.0.0"); set.seed(2014)

n <- 240
branch <- sample(0:9, n, replace = TRUE)
trained <- as.numeric(branch < 4)
after <- sample(0:1, n, replace = TRUE)
wait <- exp(5 + rnorm(10, 0, 0.3)[branch + 1] - 0.25 * trained * after + rnorm(n, 0, 0.8))
patience <- rexp(n, 1 / 500)
seconds <- pmax(1, round(pmin(wait, patience)))       # whole seconds, so that there are ties
gave_up <- as.numeric(patience < wait)

restricted <- function(rows, limit) {
  fit <- survfit(Surv(seconds[rows], 1 - gave_up[rows]) ~ 1)
  summary(fit, rmean = limit)$table[["rmean"]]
}
curve <- survfit(Surv(seconds, 1 - gave_up) ~ 1)
served <- curve$n.event > 0
aft <- survreg(Surv(seconds, 1 - gave_up) ~ trained + after + trained:after, dist = "lognormal",
               cluster = branch, control = survreg.control(rel.tolerance = 1e-14, maxiter = 100))
plain <- survreg(Surv(seconds, 1 - gave_up) ~ trained + after + trained:after, dist = "lognormal")
out <- list(
  data = list(branch = branch, after = after, seconds = seconds, gave_up = gave_up),
  curve = list(time = curve$time[served], share = curve$surv[served]),
  limits = c(60, 200, 400),
  restricted_mean = sapply(c(60, 200, 400), function(limit) restricted(seq_len(n), limit)),
  branch_period = unname(sapply(0:9, function(b) sapply(0:1, function(p) restricted(branch == b & after == p, 120)))),
  aft = list(beta = unname(coef(aft)), sigma = aft$scale, log_likelihood = aft$loglik[2],
             standard_error = unname(sqrt(diag(vcov(aft)))), names = names(diag(vcov(aft))))
)
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = FALSE), "\n")
