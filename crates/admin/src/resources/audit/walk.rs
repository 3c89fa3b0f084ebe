//! Finds the entries of a page in a log of any length.
//!
//! In the order of time a page is found near where it begins, and one request looks at a bounded
//! number of entries: a filter that fits few of them is answered with short pages, even empty
//! ones, and a link to the next, as the service does. Any other order looks at all entries and
//! keeps no more than a page needs.

use core::ops::ControlFlow;

use serde_json::Value;

use super::best::Best;
use super::remote_action;
use super::schema::{EVENTS, REMOTE_ACTIONS};
use super::sight::is_seen;
use super::span::Span;
use crate::backend::{Backend, BackendError, Document, DocumentKind, DocumentPage};
use crate::http::context::Context;
use crate::odata::grammar::Direction;
use crate::odata::property::Schema;
use crate::odata::query::{Count, Query};
use crate::odata::rows::{JsonRow, selected};
use crate::odata::token::Position;
use crate::resources::audit_entry::REMOTE_ACTION;

/// Entries that are read at once.
const CHUNK: usize = 500;

/// Entries one request looks at in the order of time, unless it counts them.
const LOOKED_AT_MAX: usize = 20_000;

/// What a list is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    Events,
    RemoteActions,
}

/// A search through the log.
pub(super) struct Walk<'a, B> {
    pub(super) context: &'a Context<'a, B>,
    pub(super) rows: Rows,
    pub(super) query: &'a Query,
    /// Entries before this time are not there any more.
    pub(super) since: &'a str,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) shown: Vec<Value>,
    /// How many there are in all; `None` if that was not asked.
    pub(super) total: Option<u64>,
    /// The end of the page, if more may follow.
    pub(super) end: Option<Position>,
}

/// Where a walk is.
struct Place<'s> {
    span: &'s Span,
    direction: Direction,
    /// The last entry read.
    last: Option<String>,
    looked_at: usize,
    /// Set where going on would meet only what may not be read any more.
    over: bool,
}

/// A page on its way.
struct Filling<'q> {
    query: &'q Query,
    schema: &'static Schema,
    found: Found,
    skipped: u64,
    /// The last entry that was looked at.
    last: Option<String>,
}

impl Rows {
    pub(super) const fn schema(self) -> &'static Schema {
        match self {
            Self::Events => &EVENTS,
            Self::RemoteActions => &REMOTE_ACTIONS,
        }
    }

    /// The property that is in the order of ids.
    const fn time(self) -> &'static str {
        match self {
            Self::Events => "activityDateTime",
            Self::RemoteActions => "requestDateTime",
        }
    }
}

impl<B: Backend> Walk<'_, B> {
    /// The entries of the page.
    ///
    /// # Errors
    /// [`BackendError`] if entries cannot be read.
    pub(super) async fn page(&self) -> Result<Found, BackendError> {
        let mut found = match self.by_time() {
            Some(direction) => self.in_time(direction).await?,
            None => self.sorted().await?,
        };
        found.total = match self.query.count {
            Count::Told => Some(self.count().await?),
            Count::Untold => None,
        };
        Ok(found)
    }

    /// The direction in time, if that is the order asked for.
    fn by_time(&self) -> Option<Direction> {
        match self.query.order.as_slice() {
            [] => Some(Direction::Descending),
            [key] if self.schema().properties[key.property].name == self.rows.time() => {
                Some(key.direction)
            }
            _others => None,
        }
    }

    async fn in_time(&self, direction: Direction) -> Result<Found, BackendError> {
        let begin = self.query.position.as_ref().map(|position| position.id.clone());
        let span = self.span();
        let mut place = Place::begin(&span, direction, begin);
        let mut page = Filling::new(self.query, self.schema());
        while let Some(chunk) = self.chunk(&mut place).await? {
            for entry in chunk {
                let id = entry["id"].as_str().map(str::to_owned);
                let row = self.fitting(entry).await?;
                if page.put(id, row).is_break() {
                    return Ok(page.found);
                }
            }
            if place.looked_at >= LOOKED_AT_MAX && page.skipped == self.query.skip {
                page.found.end = place.last.map(Position::new);
                return Ok(page.found);
            }
        }
        Ok(page.found)
    }

    async fn sorted(&self) -> Result<Found, BackendError> {
        let skip = usize::try_from(self.query.skip).unwrap_or(usize::MAX);
        let limit = skip.saturating_add(self.query.top).saturating_add(1);
        let mut best = Best::new(&self.query.order, self.query.position.as_ref(), limit);
        let span = self.span();
        let mut place = Place::begin(&span, Direction::Descending, None);
        while let Some(chunk) = self.chunk(&mut place).await? {
            for entry in chunk {
                if let Some(row) = self.fitting(entry).await? {
                    best.offer(JsonRow { schema: self.schema(), value: &row });
                }
            }
        }
        let kept: Vec<Position> = best.finish().into_iter().skip(skip).collect();
        let page = &kept[..kept.len().min(self.query.top)];
        let end = page.last().filter(|_| page.len() < kept.len()).cloned();
        Ok(Found { shown: self.read_again(page).await?, total: None, end })
    }

    async fn read_again(&self, page: &[Position]) -> Result<Vec<Value>, BackendError> {
        let mut shown = Vec::with_capacity(page.len());
        for position in page {
            let read = self.context.backend.document(DocumentKind::AuditEvent, &position.id);
            let Some(entry) = read.await?.and_then(|document| parsed(&document)) else { continue };
            if let Some(row) = self.row(entry).await? {
                shown.push(selected(&row, &self.query.select, self.schema()));
            }
        }
        Ok(shown)
    }

    async fn count(&self) -> Result<u64, BackendError> {
        let (span, mut fitting) = (self.span(), 0);
        let mut place = Place::begin(&span, Direction::Descending, None);
        while let Some(chunk) = self.chunk(&mut place).await? {
            for entry in chunk {
                fitting += u64::from(self.fitting(entry).await?.is_some());
            }
        }
        Ok(fitting)
    }

    /// The part of the log that the filter leaves.
    fn span(&self) -> Span {
        let mut properties = self.schema().properties.iter();
        let time = properties.position(|property| property.name == self.rows.time());
        Span::of(time.map(|time| self.query.window(time)).unwrap_or_default())
    }

    /// The next entries; `None` at the end of the log, or of what may still be read of it and fit.
    async fn chunk(&self, place: &mut Place<'_>) -> Result<Option<Vec<Value>>, BackendError> {
        if place.over {
            return Ok(None);
        }
        let read = self.context.backend.documents(DocumentKind::AuditEvent, place.page(), CHUNK);
        let read = read.await?;
        let Some(last) = read.last() else { return Ok(None) };
        place.looked_at += read.len();
        place.last = Some(last.id.clone());
        let all = read.iter().filter_map(parsed);
        let readable: Vec<Value> = all.filter(|entry| is_since(entry, self.since)).collect();
        let past = readable.iter().any(|entry| place.is_past(entry));
        let unreadable = readable.len() < read.len() && place.direction == Direction::Descending;
        place.over = past || unreadable;
        Ok(Some(readable))
    }

    /// The row of an entry, if it is one of the list.
    async fn fitting(&self, entry: Value) -> Result<Option<Value>, BackendError> {
        let row = self.row(entry).await?;
        let fits = |row: &Value| self.query.admits(&JsonRow { schema: self.schema(), value: row });
        Ok(row.filter(fits))
    }

    async fn row(&self, entry: Value) -> Result<Option<Value>, BackendError> {
        if !is_seen(self.context, &entry).await? {
            return Ok(None);
        }
        match self.rows {
            Rows::Events => Ok(Some(event(entry))),
            Rows::RemoteActions => remote_action::row(self.context, &entry).await,
        }
    }

    const fn schema(&self) -> &'static Schema {
        self.rows.schema()
    }
}

impl<'q> Filling<'q> {
    fn new(query: &'q Query, schema: &'static Schema) -> Self {
        Self { query, schema, found: Found::default(), skipped: 0, last: None }
    }

    /// Takes the next entry, with its row if it fits; breaks off when the page is full and more
    /// would follow.
    fn put(&mut self, id: Option<String>, row: Option<Value>) -> ControlFlow<()> {
        match row {
            None => {}
            Some(_) if self.skipped < self.query.skip => self.skipped += 1,
            Some(row) if self.found.shown.len() < self.query.top => {
                self.found.shown.push(selected(&row, &self.query.select, self.schema));
            }
            Some(_) => {
                self.found.end = self.last.take().map(Position::new);
                return ControlFlow::Break(());
            }
        }
        self.last = id;
        ControlFlow::Continue(())
    }
}

impl<'s> Place<'s> {
    fn begin(span: &'s Span, direction: Direction, last: Option<String>) -> Self {
        let last = match direction {
            Direction::Descending => span.begin(last),
            Direction::Ascending => last,
        };
        Self { span, direction, last, looked_at: 0, over: false }
    }

    /// Whether nothing fits that is behind an entry.
    fn is_past(&self, entry: &Value) -> bool {
        let at = entry["activityDateTime"].as_str().unwrap_or_default();
        match self.direction {
            Direction::Descending => self.span.is_before(at),
            Direction::Ascending => self.span.is_behind(at),
        }
    }

    fn page(&self) -> DocumentPage {
        match self.direction {
            Direction::Descending => DocumentPage::Before(self.last.clone()),
            Direction::Ascending => DocumentPage::After(self.last.clone()),
        }
    }
}

/// The JSON of an entry. What is none was not written here and is passed over.
pub(super) fn parsed(document: &Document) -> Option<Value> {
    serde_json::from_str(document.body.as_deref()?).ok()
}

/// Whether an entry is of a time or of later. Both are written with the same digits.
pub(super) fn is_since(entry: &Value, since: &str) -> bool {
    entry["activityDateTime"].as_str().is_some_and(|at| at >= since)
}

/// An entry as it is shown.
pub(super) fn event(mut entry: Value) -> Value {
    if let Value::Object(members) = &mut entry {
        members.remove(REMOTE_ACTION);
    }
    entry
}
