# Makes variance_components.json: REML variance components of lme4 for two made-up pilots.
# Run from this folder: Rscript variance_components.R
library(lme4)
library(jsonlite)

made <- function(seed, branches, trained, fewest, most) {
  set.seed(seed)
  rows <- expand.grid(period = 0:1, branch = seq_len(branches))
  rows$arm <- as.integer(rows$branch <= trained)
  n <- fewest + floor(runif(nrow(rows), 0, most - fewest + 1))
  swing <- rnorm(nrow(rows), 0, 3)
  lasting <- rnorm(branches, 0, 6)
  rows$level <- 60 + 4 * rows$period + 5 * rows$period * rows$arm + lasting[rows$branch] + swing
  data <- rows[rep(seq_len(nrow(rows)), n), c("branch", "arm", "period", "level")]
  data$value <- round(data$level + rnorm(nrow(data), 0, 8), 2)
  data[c("branch", "arm", "period", "value")]
}

components <- function(data) {
  data$cell <- interaction(data$branch, data$period)
  fit <- lmer(value ~ factor(arm) * factor(period) + (1 | branch) + (1 | cell), data,
              control = lmerControl(optCtrl = list(maxfun = 1e5), optimizer = "bobyqa"))
  found <- as.data.frame(VarCorr(fit))
  value <- function(group) found$vcov[found$grp == group]
  list(data = data[c("branch", "arm", "period", "value")], branch = value("branch"),
       branch_period = value("cell"), visit = value("Residual"))
}

write_json(
  list(version = as.character(packageVersion("lme4")),
       balanced = components(made(1, 20, 8, 5, 5)),
       unbalanced = components(made(2, 40, 15, 3, 12))),
  "variance_components.json", auto_unbox = TRUE, digits = 10, dataframe = "columns"
)
