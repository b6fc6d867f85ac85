# Interrupted time series of a count with exposure: glm with quasi-Poisson errors, as in Lopez Bernal, Cummins
# and Gasparrini 2017 (IJE 46(1)), of the file in the first argument.
#   Rscript tests/reference/series.R sicily_its.csv > tests/reference/series.json
suppressMessages(library(jsonlite))
series <- read.csv(commandArgs(TRUE)[1])
series$after <- as.integer(series$date >= series$trained_on)
series$time <- seq_len(nrow(series)) - which(series$after == 1)[1]
month <- as.integer(substr(series$date, 6, 7))
for (k in 1:2) {
  series[[paste0("sin", k)]] <- sin(2 * pi * k * month / 12)
  series[[paste0("cos", k)]] <- cos(2 * pi * k * month / 12)
}

answer <- function(season, slope) {
  terms <- c("after", "time", if (slope) "after:time", if (season) c("sin1", "cos1", "sin2", "cos2"))
  fit <- glm(reformulate(terms, "admissions"), family = quasipoisson, data = series, offset = log(exposure),
             control = glm.control(epsilon = 1e-14, maxit = 100))
  found <- summary(fit)
  row <- function(name) as.list(found$coefficients[name, 1:2])
  list(season = season, slope_change = slope, dispersion = found$dispersion, step = row("after"),
       trend = row("time"), change = if (slope) row("after:time") else NULL)
}

cat(toJSON(list(r = R.version.string, answers = list(
  answer(FALSE, FALSE), answer(TRUE, FALSE), answer(FALSE, TRUE), answer(TRUE, TRUE)
)), auto_unbox = TRUE, digits = NA, null = "null"))
