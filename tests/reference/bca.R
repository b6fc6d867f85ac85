# Makes bca.json: boot::boot.ci(type = "bca") of the uplift of made-up branches, resampled within arms.
# Usage: Rscript bca.R > bca.json
# boot's own empirical influence does not weigh arms by their sizes, which matters where these differ:
# it is given divided by them (Davison & Hinkley 1997, eq. 5.27).
library(boot)
library(jsonlite)

uplift <- function(data, index) {
  one <- data[index, ]
  m <- function(arm, column) mean(one[one$trained == arm, column])
  base <- m(TRUE, "before") + m(FALSE, "after") - m(FALSE, "before")
  100 * (m(TRUE, "after") - base) / base
}

pilot <- function(seed, trained, comparison) {
  set.seed(seed)
  n <- trained + comparison
  data <- data.frame(trained = seq_len(n) <= trained, before = round(rexp(n, 1 / 40) + 20, 2))
  data$after <- round(data$before + rgamma(n, 2, 0.4) * ifelse(data$trained, 1.5, 0.5), 2)
  drawn <- boot(data, uplift, R = 1999, strata = data$trained)
  size <- ifelse(data$trained, trained, comparison)
  L <- empinf(drawn, type = "jack") / size
  found <- boot.ci(drawn, type = "bca", L = L)
  list(data = data, R = drawn$R, estimate = drawn$t0, drawn = signif(drawn$t[, 1], 8),
       confidence_interval = found$bca[4:5])
}

cat(toJSON(list(R = R.version.string, boot = as.character(packageVersion("boot")),
                balanced = pilot(1, 15, 15), unbalanced = pilot(2, 8, 25)),
           digits = 10, auto_unbox = TRUE, dataframe = "columns"), "\n", sep = "")
