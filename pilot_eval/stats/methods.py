"""The methods there are: one line each, described in docs/methods.md under the same name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Parameters
    ----------
    name : as in the evaluation document
    module : where it is computed
    source : paper it follows
    """

    name: str
    module: str
    source: str


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        # Two periods
        Method("cr2", "pilot_eval.stats.contrasts", "Pustejovsky & Tipton 2018"),
        Method("fieller", "pilot_eval.stats.fieller", "Fieller 1954"),
        Method(
            "exp", "pilot_eval.stats.relative", "monotone transformation of the interval of the log ratio"
        ),
        Method("wild_cluster_bootstrap", "pilot_eval.stats.bootstrap", "Roodman et al. 2019"),
        Method("permutation", "pilot_eval.stats.permutation", "Chung & Romano 2013"),
        Method("sign_flip", "pilot_eval.stats.bootstrap", "Cameron, Gelbach & Miller 2008"),
        Method("wilcoxon_signed_rank", "pilot_eval.stats.ranks", "Wilcoxon 1945"),
        # Linear adjustments: covariates, ANCOVA, mix
        Method("covariates", "pilot_eval.stats.adjusted", "Pustejovsky & Tipton 2018; Zhao & Ding 2021"),
        Method("ancova", "pilot_eval.stats.adjusted", "Frison & Pocock 1992"),
        Method("mix", "pilot_eval.stats.mix", "Newey & McFadden 1994; Pustejovsky & Tipton 2018"),
        # Resampling: bootstrap of branches, quantiles, looks
        Method("bca", "pilot_eval.stats.branch_bootstrap", "Efron 1987"),
        Method("percentile", "pilot_eval.stats.quantiles", "Hyndman & Fan 1996; Davison & Hinkley 1997"),
        Method("benjamini_hochberg", "pilot_eval.stats.families", "Benjamini & Hochberg 1995"),
        Method("lan_demets", "pilot_eval.stats.looks", "Lan & DeMets 1983"),
        # Rates and interrupted time series
        Method(
            "quasi_poisson",
            "pilot_eval.stats.segmented_regression",
            "Lopez Bernal, Cummins & Gasparrini 2017",
        ),
        Method("poisson", "pilot_eval.stats.segmented_regression", "McCullagh & Nelder 1989"),
        Method("newey_west", "pilot_eval.stats.glm", "Newey & West 1987"),
        Method("branch_poisson", "pilot_eval.stats.rate_ratio", "Hausman, Hall & Griliches 1984"),
        Method("score_sign_flip", "pilot_eval.stats.rate_tests", "Hemerik, Goeman & Finos 2020"),
        # Staggered training, parallel trends, missing branches
        Method("callaway_santanna", "pilot_eval.stats.cohorts", "Callaway & Sant'Anna 2021"),
        Method("multiplier_bootstrap", "pilot_eval.stats.multiplier", "Callaway & Sant'Anna 2021"),
        Method("cohort_permutation", "pilot_eval.stats.cohort_permutation", "Roth & Sant'Anna 2023"),
        Method("event_study", "pilot_eval.stats.event_study", "Callaway & Sant'Anna 2021"),
        Method("parallel_trends", "pilot_eval.stats.parallel_trends", "Roth 2022"),
        Method("relative_magnitudes", "pilot_eval.stats.honest", "Rambachan & Roth 2023"),
        Method("smoothness", "pilot_eval.stats.honest", "Rambachan & Roth 2023"),
        Method("lee_bounds", "pilot_eval.stats.lee_bounds", "Lee 2009"),
        # Stepped wedge
        Method("sequence_permutation", "pilot_eval.stats.sequence_permutation", "Wang & De Gruttola 2017"),
        Method("hussey_hughes", "pilot_eval.stats.hussey_hughes", "Hussey & Hughes 2007"),
        Method("exposure_time", "pilot_eval.stats.exposure_time", "Maleyeff et al. 2023; Kenny et al. 2022"),
        # Censored waits
        Method("restricted_mean", "pilot_eval.stats.survival", "Kaplan & Meier 1958; Royston & Parmar 2013"),
        Method("lognormal_aft", "pilot_eval.stats.lognormal_aft", "Olsen 1978; Liang & Zeger 1986"),
        # Auditors and checklists
        Method("two_way", "pilot_eval.stats.two_way", "Searle 1987; Pustejovsky & Tipton 2018"),
        Method("krippendorff_alpha", "pilot_eval.stats.agreement", "Krippendorff 2019"),
        Method("intraclass_correlation", "pilot_eval.stats.agreement", "McGraw & Wong 1996"),
        Method("item_effects", "pilot_eval.stats.items", "Benjamini & Hochberg 1995"),
        Method("fixed_item_set", "pilot_eval.stats.items", "Simonsohn et al. 2020"),
        Method("omega", "pilot_eval.stats.omega", "McDonald 1999; Joreskog 1967"),
        # Planning and roll-out
        Method(
            "variance_components", "pilot_eval.stats.variance_components", "Searle, Casella & McCulloch 1992"
        ),
        Method("power", "pilot_eval.stats.power", "Teerenstra et al. 2012; Eldridge, Ashby & Kerry 2006"),
        Method(
            "roll_out", "pilot_eval.stats.roll_out", "Hartung & Knapp 2001; Nagashima, Noma & Furukawa 2019"
        ),
        # Branches compared, sensitivity, threats
        Method("branch_changes", "pilot_eval.stats.branches", "least squares on branch x period"),
        Method("funnel", "pilot_eval.stats.branches", "Spiegelhalter 2005; Paule & Mandel 1982"),
        Method("heterogeneity", "pilot_eval.stats.heterogeneity", "Viechtbauer 2007"),
        Method("shrinkage", "pilot_eval.stats.shrinkage", "Rubin 1981; Gelman 2006"),
        Method("ranks", "pilot_eval.stats.ranking", "Goldstein & Spiegelhalter 1996"),
        Method("xmr", "pilot_eval.stats.xmr", "Wheeler 2000"),
        Method("threats", "pilot_eval.stats.threats", "Barnett et al. 2005; Lee 2009; Austin 2009"),
        Method("specification_curve", "pilot_eval.stats.sensitivity", "Simonsohn et al. 2020; Yuen 1974"),
    )
}
