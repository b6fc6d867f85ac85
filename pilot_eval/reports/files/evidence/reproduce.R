# The headline of each primary outcome in plain R, from the observations of this folder.
#
#   Rscript reproduce.R
#
# Needs the package clubSandwich and no internet. Branches that were not seen in both periods, and strata that
# lack one of the arms, tell nothing of the effect and are left out. The standard error is CR2, clustered by
# branch, with Satterthwaite degrees of freedom (Pustejovsky & Tipton 2018). Exits with 1 if a number differs
# from expected.csv by more than one part in 1e-7.
suppressMessages(library(clubSandwich))
here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
if (length(here)) setwd(dirname(here))
expected <- read.csv("expected.csv", encoding = "UTF-8", colClasses = c(outcome = "character", file = "character"))

scaled <- function(value, kind) {
  if (kind == "duration") return(log(ifelse(value == 0, 0.5, value)))  # 0 s is recorded of less than a second
  if (kind == "proportion") 100 * value else value
}

observations <- function(row) {
  data <- read.csv(row$file, encoding = "UTF-8", colClasses = "character")
  data$value <- as.numeric(data$value)  # an empty cell is missing
  if (!row$stratified) data$stratum <- ""
  data <- data[!is.na(data$value) & data$period %in% c("before", "after"), ]
  if (row$design == "before_after") data <- data[data$arm == "trained", ]
  data$after <- as.numeric(data$period == "after")
  data$trained <- as.numeric(data$arm == "trained")
  data$value <- scaled(data$value, row$kind)
  seen <- tapply(data$after, data$branch, function(after) length(unique(after)) == 2)
  data <- data[data$branch %in% names(seen)[seen], ]
  if (row$stratified) {
    both <- tapply(data$trained, data$stratum, function(trained) length(unique(trained)) == 2)
    data <- data[data$stratum %in% names(both)[both], ]
  }
  data[order(data$branch, data$after), ]
}

# Each branch counts once: the means of its two periods.
branch_means <- function(data) {
  means <- aggregate(value ~ branch + after + trained + stratum, data, mean)
  means[order(means$branch, means$after), ]
}

fitted_model <- function(row, data) {
  rows <- row$weights == "observation"
  several <- row$stratified && length(unique(data$stratum)) > 1
  if (row$design == "before_after") {
    if (!rows) data <- branch_means(data)
    return(list(lm(value ~ after, data), data$branch, "after"))
  }
  if (several && !rows) {
    means <- branch_means(data)
    wide <- means[means$after == 0, c("branch", "trained", "stratum")]
    wide$change <- means$value[means$after == 1] - means$value[means$after == 0]
    return(list(lm(change ~ 0 + factor(stratum) + trained, wide), wide$branch, "trained"))
  }
  if (!rows) data <- branch_means(data)
  data$both <- data$trained * data$after
  if (several) {
    model <- lm(value ~ 0 + factor(stratum) + factor(stratum):after + trained + both, data)
  } else {
    model <- lm(value ~ trained + after + both, data)
  }
  list(model, data$branch, "both")
}

recomputed <- function(row) {
  fit <- fitted_model(row, observations(row))
  told <- coef_test(fit[[1]], vcov = "CR2", cluster = fit[[2]], test = "Satterthwaite")
  told <- as.data.frame(told)[match(fit[[3]], rownames(as.data.frame(told))), ]
  error <- told$SE
  df <- if (!is.null(told$df_Satt)) told$df_Satt else told$df
  reach <- qt(1 - (1 - row$level) / 2, df) * error
  c(estimate = told$beta, standard_error = error, df = df, low = told$beta - reach, high = told$beta + reach,
    pvalue = 2 * pt(-abs(told$beta / error), df))
}

differ <- 0
for (place in seq_len(nrow(expected))) {
  row <- expected[place, ]
  cat(sprintf("%s (%s, level %s)\n", row$outcome, row$unit, format(row$level)))
  if (is.na(row$estimate)) {
    cat("  no estimate: see result.json for the reason\n")
    next
  }
  found <- recomputed(row)
  for (name in names(found)) {
    ours <- row[[name]]
    same <- abs(found[[name]] - ours) <= 1e-7 * max(abs(ours), abs(found[[name]]), 1e-9)
    if (!same) differ <- differ + 1
    cat(sprintf("  %-15s %20.12g  %20.12g  %s\n", name, found[[name]], ours, if (same) "same" else "DIFFERS"))
  }
}
cat(if (differ) sprintf("%d numbers differ.\n", differ) else "R gives the same numbers.\n")
quit(status = if (differ) 1 else 0)
