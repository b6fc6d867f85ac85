# Makes roll_out.json: random-effects means of metafor with Hartung-Knapp intervals and prediction intervals.
# Run from this folder: Rscript roll_out.R
library(metafor)
library(jsonlite)

of <- function(yi, vi) {
  fit <- rma(yi, vi, method = "PM", test = "knha", control = list(tol = 1e-12, maxiter = 1000))
  predicted <- predict(fit)
  list(effect = yi, variance = vi, estimate = as.numeric(fit$b), standard_error = fit$se, tau_squared = fit$tau2,
       df = fit$ddf, interval = c(fit$ci.lb, fit$ci.ub), prediction = c(predicted$pi.lb, predicted$pi.ub))
}

set.seed(1)
vi <- round(8 / sample(3:30, 14, replace = TRUE), 4)
spread <- round(rnorm(14, 5, sqrt(4 + vi)), 3)
alike <- round(rnorm(6, 2, sqrt(vi[1:6])) * 0.4 + 1.2, 3)
write_json(
  list(version = as.character(packageVersion("metafor")),
       spread = of(spread, vi), alike = of(alike, vi[1:6]), bcg = with(
         escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg),
         of(as.numeric(yi), as.numeric(vi)))),
  "roll_out.json", auto_unbox = TRUE, digits = 12
)
