# Makes logit.json: logistic regression of visits with CR2 by branch and Satterthwaite degrees of freedom.
# Rscript logit.R > logit.json
library(clubSandwich)
library(jsonlite)

set.seed(20)
sets <- lapply(list(c(6, 9), c(12, 0)), function(arms) {
  n <- sum(arms)
  visits <- matrix(sample(3:14, 2 * n, replace = TRUE), n)
  d <- do.call(rbind, lapply(seq_len(n), function(b) do.call(rbind, lapply(0:1, function(a) {
    p <- plogis(-0.5 + 0.7 * a * (b <= arms[1]) + 0.4 * sin(b))
    data.frame(branch = b, trained = as.integer(b <= arms[1]), after = a, y = rbinom(visits[b, a + 1], 1, p))
  }))))
  fit <- if (arms[2] > 0) glm(y ~ trained * after, binomial, d, control = list(epsilon = 1e-14)) else
    glm(y ~ after, binomial, d, control = list(epsilon = 1e-14))
  name <- if (arms[2] > 0) "trained:after" else "after"
  test <- coef_test(fit, vcov = "CR2", cluster = d$branch, test = "Satterthwaite")
  row <- test[rownames(test) == name | test$Coef == name, ]
  list(branch = d$branch, trained = d$trained, after = d$after, y = d$y,
       estimate = row$beta, standard_error = row$SE, df = row$df_Satt, pvalue = row$p_Satt)
})
cat(toJSON(list(two_arms = sets[[1]], one_arm = sets[[2]]), digits = NA, auto_unbox = TRUE), "\n")
