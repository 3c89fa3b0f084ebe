//! Histograms, summaries and tables: what a run has to say for itself.
