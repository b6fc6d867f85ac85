# Makes adjusted_pvalues.json: p.adjust of p values with ties, by Holm and by Benjamini and Hochberg.
# Usage: Rscript adjusted_pvalues.R > adjusted_pvalues.json
library(jsonlite)
set.seed(1)
p <- c(round(runif(20)^3, 4), 0.02, 0.02, 0.02, 1, 0, 1e-12)
cat(toJSON(list(R = R.version.string, pvalues = p, holm = p.adjust(p, "holm"), BH = p.adjust(p, "BH")),
           digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n", sep = "")
