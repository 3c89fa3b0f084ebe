//! What reports promise, on a run made up of known numbers.

mod judging;
mod merging;
mod pages;
mod reading;
mod rich;
mod sample;
mod sharing;
mod telling;
