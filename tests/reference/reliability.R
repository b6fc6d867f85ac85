# Intraclass correlations, one-factor models, omega and alpha of psych, written to reliability.json.
suppressMessages({library(psych); library(jsonlite)})

rows <- function(m) lapply(seq_len(nrow(m)), function(i) as.numeric(m[i, ]))
icc <- function(m) {
  found <- suppressWarnings(ICC(m, lmer = FALSE))$results
  one <- function(name) as.list(setNames(as.numeric(found[name, c("ICC", "lower bound", "upper bound")]),
                                         c("estimate", "low", "high")))
  list(ratings = rows(m), one_way = one("Single_raters_absolute"), absolute = one("Single_random_raters"))
}

# Shrout & Fleiss 1979, table 2: six targets, four judges.
judges <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), ncol = 4, byrow = TRUE)
set.seed(1)
pairs <- round(matrix(rep(rnorm(25, 70, 8), 2), 25) + matrix(rnorm(50, 0, 5), 25) + rep(c(0, 3), each = 25), 2)

items <- function(seed, n, loading, yes_no) {
  set.seed(seed)
  factor <- rnorm(n)
  x <- sapply(loading, function(l) l * factor + sqrt(1 - l^2) * rnorm(n))
  if (yes_no) x <- (x > -0.5) * 1 else x <- round(sweep(x, 2, seq_along(loading), "*"), 3)
  cov_x <- cov(x)
  fit <- factanal(covmat = cov_x, factors = 1, n.obs = n, rotation = "none", control = list(opt = list(factr = 1e-3)))
  scale <- sqrt(diag(cov_x))
  loadings <- as.numeric(fit$loadings) * sign(sum(fit$loadings)) * scale
  uniqueness <- as.numeric(fit$uniquenesses) * scale^2
  ml <- suppressWarnings(fa(cor(x), 1, fm = "ml", rotate = "none"))
  a <- suppressMessages(suppressWarnings(psych::alpha(x, warnings = FALSE, check.keys = FALSE)))
  list(values = rows(x), loading = loadings, uniqueness = uniqueness,
       omega = sum(loadings)^2 / (sum(loadings)^2 + sum(uniqueness)),
       psych_loading = as.numeric(ml$loadings) * sign(sum(ml$loadings)),
       alpha = a$total$raw_alpha, rest_correlation = as.numeric(a$item.stats$r.drop))
}

write_json(list(
  source = paste("psych", packageVersion("psych"), "and stats, R", getRversion()),
  icc = list(shrout_fleiss = icc(judges), pairs = icc(pairs)),
  items = list(scales = items(2, 200, c(.8, .7, .6, .5, .4, .3), FALSE),
               yes_no = items(3, 300, c(.7, .6, .5, .6, .4, .5, .3, .8), TRUE))
), "reliability.json", auto_unbox = TRUE, digits = NA)
