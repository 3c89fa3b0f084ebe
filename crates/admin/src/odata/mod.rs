//! The query options of OData.

pub(crate) mod query;
