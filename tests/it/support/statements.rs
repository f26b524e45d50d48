//! Counts the statements that the server in this process runs for one call.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt as _},
    registry::LookupSpan,
};

/// The statements by the id of the request for which they were run.
static STATEMENTS: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

/// Counts from here on. A call is counted if it has an `x-request-id`.
pub fn start_counting() {
    // It may have been started by another test of this process.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(Counter));
}

/// The statements so far that were run for a request.
pub fn statements_of(request_id: &str) -> Vec<String> {
    let statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    statements.get(request_id).cloned().unwrap_or_default()
}

struct Counter;

/// What a span or an event says in one of its fields.
struct Text {
    field: &'static str,
    value: Option<String>,
}

impl Text {
    fn of(field: &'static str) -> Self {
        Self { field, value: None }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field {
            self.value = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == self.field {
            self.value = Some(format!("{value:?}"));
        }
    }
}

/// Of a span: the id of the request that it is about.
struct RequestId(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counter {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.is_span()
            || (metadata.target() == "sqlx::query" && *metadata.level() <= Level::DEBUG)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut request_id = Text::of("id");
        attributes.record(&mut request_id);
        if let Some(value) = request_id.value
            && let Some(span) = context.span(id)
        {
            span.extensions_mut().insert(RequestId(value));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut statement = Text::of("summary");
        event.record(&mut statement);
        let named = |span: tracing_subscriber::registry::SpanRef<'_, S>| {
            span.extensions().get::<RequestId>().map(|id| id.0.clone())
        };
        let Some(request_id) =
            context.event_scope(event).and_then(|mut spans| spans.find_map(named))
        else {
            return;
        };
        let statement = statement.value.unwrap_or_default();
        // A connection was opened for it, which the next call uses again.
        let prepares = ["set session", "PRAGMA", "SET "];
        if prepares.iter().any(|begin| statement.starts_with(begin)) {
            return;
        }
        let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
        statements.entry(request_id).or_default().push(statement);
    }
}
