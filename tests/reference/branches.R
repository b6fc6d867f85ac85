# Makes branches.json: the variance between branches and what it does to their estimates, by metafor.
# Rscript branches.R > branches.json
library(metafor)
library(jsonlite)

sets <- list(
  schools = list(y = c(28, 8, -3, 7, -1, 1, 18, 12), s = c(15, 10, 16, 11, 9, 11, 10, 18)), # Rubin 1981
  varied = list(y = c(2.1, -0.4, 5.6, 3.3, 7.9, -2.5, 1.2, 4.4, 9.8, 0.3, 3.9, 6.1),
                s = c(0.8, 1.1, 0.9, 1.6, 1.2, 0.7, 2.0, 1.0, 1.3, 0.9, 1.5, 1.1)),
  equal = list(y = c(1, 3, 8, 4, 2), s = c(1, 1, 1, 1, 1))
)

answer <- lapply(sets, function(d) {
  pm <- rma(yi = d$y, sei = d$s, method = "PM", control = list(tol = 1e-13, maxiter = 10000))
  # metafor's own tolerance is the limit of what its profile can be compared at
  profile <- confint(pm, control = list(tol = 1e-12, maxiter = 10000, tau2.max = 1e6))$random
  shrunken <- blup(pm)
  list(y = d$y, s = d$s,
       pm = pm$tau2, low = profile["tau^2", "ci.lb"], high = profile["tau^2", "ci.ub"],
       centre = as.numeric(pm$b), centre_error = pm$se,
       q = pm$QE, pvalue = pm$QEp, i_squared = pm$I2,
       blup = as.numeric(shrunken$pred), blup_error = as.numeric(shrunken$se))
})
cat(toJSON(answer, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
