//! The world keeps its promises, and is the same twice.

mod promises;
