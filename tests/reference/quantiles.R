# Makes quantiles.json: R's quantile (type 7), and weighted quantiles by the formula of Hmisc::wtd.quantile
# (type "quantile", normwt = TRUE), which is written out here because the package is large.
# Usage: Rscript quantiles.R > quantiles.json
library(jsonlite)
wtd.quantile <- function(x, weights, probs) {
  order <- order(x)
  x <- x[order]
  weights <- weights[order] * length(x) / sum(weights)
  rank <- 1 + (length(x) - 1) * probs
  low <- pmax(floor(rank), 1)
  high <- pmin(low + 1, length(x))
  at <- approx(cumsum(weights), x, xout = c(low, high), method = "constant", f = 1, rule = 2, ties = "ordered")$y
  k <- length(probs)
  (1 - rank %% 1) * at[1:k] + (rank %% 1) * at[k + 1:k]
}
set.seed(3)
x <- round(rlnorm(47, 5, 0.8))
w <- runif(47, 0.2, 3)
p <- c(0.05, 0.25, 0.5, 0.9, 0.99)
cat(toJSON(list(R = R.version.string, x = x, weights = w, probabilities = p,
                plain = unname(quantile(x, p, type = 7)), weighted = wtd.quantile(x, w, p)),
           digits = NA, auto_unbox = TRUE), "\n", sep = "")
