//! The query options of OData: their grammar, what they mean for a row, and pages.

pub(crate) mod ast;
pub(crate) mod datum;
pub(crate) mod fault;
pub(crate) mod grammar;
pub(crate) mod hint;
pub(crate) mod moment;
pub(crate) mod predicate;
pub(crate) mod property;
pub(crate) mod query;
pub(crate) mod rows;
pub(crate) mod strict;
pub(crate) mod token;
