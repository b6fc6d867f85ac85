# Makes wedge.json: a stepped wedge with a missing month here and there, analysed by clubSandwich and lme4.
# Rscript tests/reference/wedge.R > tests/reference/wedge.json   (R 4.2, clubSandwich, lme4, jsonlite)
suppressMessages({library(clubSandwich); library(lme4); library(jsonlite)})
RNGversion("4.0.0"); set.seed(2014)

branches <- 11; periods <- 6
crossing <- c(1, 1, 2, 2, 3, 3, 3, 4, 5, 6, 6)        # first trained period from 0; 6 = never
data <- expand.grid(period = 0:(periods - 1), branch = seq_len(branches))
data$trained <- as.numeric(data$period >= crossing[data$branch])
spread <- ifelse(crossing[data$branch] < 3, 3, 1.5)
data$mean <- round(60 + rnorm(branches, 0, 4)[data$branch] + rnorm(periods, 0, 1)[data$period + 1] +
                   2 * data$trained + rnorm(nrow(data), 0, spread), 3)
data <- data[-c(3, 14, 31, 46, 47, 66), ]

# Weeks since training began, centred by nobody: the second column of the exposure-time model.
data$since <- pmax(0, data$period - crossing[data$branch]) * data$trained
fit <- lm(mean ~ factor(branch) + factor(period) + trained, data)
slope <- lm(mean ~ factor(branch) + factor(period) + trained + since, data)
told <- function(model, name) {
  row <- coef_test(model, vcovCR(model, data$branch, "CR2"), test = "Satterthwaite", coefs = name)
  list(estimate = row$beta, standard_error = row$SE, df = row$df_Satt, pvalue = row$p_Satt)
}
mixed <- lmer(mean ~ factor(period) + trained + (1 | branch), data, REML = TRUE,
              control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14)))
components <- as.data.frame(VarCorr(mixed))$vcov
out <- list(
  crossing = crossing, periods = periods,
  data = list(branch = data$branch - 1, period = data$period, mean = data$mean),
  cr2 = told(fit, "trained"),
  slope = list(trained = told(slope, "trained"), since = told(slope, "since")),
  hussey_hughes = list(estimate = unname(fixef(mixed)["trained"]),
                       standard_error = sqrt(vcov(mixed)["trained", "trained"]),
                       branch_variance = components[1], residual_variance = components[2])
)
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = FALSE), "\n")
