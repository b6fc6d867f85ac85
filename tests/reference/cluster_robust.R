# Makes cluster_robust.json: Rscript cluster_robust.R > cluster_robust.json
# CR0, CR1S, CR2, CR3 and Satterthwaite degrees of freedom of clubSandwich for regressions of made-up rows.
suppressMessages({library(clubSandwich); library(jsonlite)})
set.seed(20140301)

branches <- 17
trained <- rep(c(1, 0), c(6, 11))
size <- sample(1:12, branches, replace = TRUE)
before <- sample(1:9, branches, replace = TRUE)
branch <- rep(seq_len(branches), size + before)
after <- unlist(mapply(function(b, a) rep(c(0, 1), c(b, a)), before, size))
n <- length(branch)
data <- data.frame(
  branch = branch, after = after, trained = trained[branch],
  queue = rpois(n, 4) + 0.5 * after, age = round(rnorm(branches, 40, 6), 1)[branch],
  stratum = (seq_len(branches) %% 3)[branch]
)
data$y <- round(60 + rnorm(branches, 0, 5)[branch] + 3 * data$trained * data$after +
  data$after * rnorm(branches, 0, 2)[branch] - data$queue + rnorm(n, 0, 4), 3)
data$both <- data$trained * data$after
data$only <- as.numeric(data$branch == 4)   # a regressor that lives in one cluster

result <- function(model, cluster, keep = names(coef(model))) {
  found <- coef_test(model, vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  error <- function(kind) sqrt(diag(as.matrix(vcovCR(model, cluster = cluster, type = kind))))[keep]
  jackknife <- tryCatch(unname(error("CR3")), error = function(e) NULL)  # no inverse where leverage is 1
  at <- match(keep, names(coef(model)))
  list(names = keep, coefficients = unname(coef(model)[keep]), df = found$df_Satt[at],
       CR0 = unname(error("CR0")), CR1 = unname(error("CR1S")),
       CR2 = unname(error("CR2")), CR3 = jackknife)
}

means <- aggregate(y ~ branch + after, data, mean)
wide <- data.frame(
  branch = seq_len(branches), trained = trained, stratum = seq_len(branches) %% 3,
  before = means$y[means$after == 0], after = means$y[means$after == 1]
)
wide$centred <- wide$before - mean(wide$before)

cat(toJSON(list(
  made_by = paste("R", getRversion(), "clubSandwich", packageVersion("clubSandwich")),
  rows = data,
  branches = wide,
  covariates = result(lm(y ~ trained + after + both + queue + age, data), data$branch),
  strata = result(lm(y ~ 0 + factor(stratum) + factor(stratum):after + queue + trained + both, data), data$branch,
                  c("queue", "trained", "both")),
  dummies = result(lm(y ~ 0 + factor(branch) + after + both + queue, data), data$branch,
                   c("after", "both", "queue")),
  leverage_one = result(lm(y ~ trained + after + both + only, data), data$branch,
                        c("(Intercept)", "trained", "after", "both")),
  ancova = result(lm(after ~ trained + centred, wide), wide$branch),
  ancova_strata = result(lm(after ~ 0 + factor(stratum) + centred + trained, wide), wide$branch,
                         c("centred", "trained"))
), digits = NA, auto_unbox = TRUE, dataframe = "columns"))
