//! The messages of the open room.

use std::ops::Range;

use causerie_client::{
    apply::{RoomView, mentions},
    v1::{self, message::Content},
};
use chrono::{DateTime, Local, NaiveDate};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::{ACCENT, DIM, colour_of, fit, panel};
use crate::{
    app::{App, Focus, gist_of, text_of},
    effect::Effect,
    files,
};

/// Messages of one sender within this long stand together.
const TOGETHER_S: i64 = 300;
const INDENT: &str = "  ";
/// A message that calls the user.
const CALLED: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

pub fn draw(frame: &mut Frame, app: &mut App, area: Rect) -> Vec<Effect> {
    let Some(view) = app.room.as_ref().and_then(|room| app.model.rooms.get(room)) else {
        return vec![];
    };
    let name = app.room_name(&view.room);
    let topic = crate::lines::clean(&view.room.topic);
    let width = area.width.saturating_sub(4) as usize;
    let mut title = vec![Span::raw(" "), Span::styled(fit(&name, width / 2), Style::new().bold())];
    if !topic.is_empty() {
        let room_for_topic = width.saturating_sub(name.width() + 5);
        title.push(Span::styled(format!("  {}", fit(&topic, room_for_topic)), DIM));
    }
    title.push(Span::raw(" "));
    let block = panel(false).title(Line::from(title));
    let inner = block.inner(area);
    let Lines { lines, selected } = lines(app, view, inner.width.saturating_sub(1).max(1) as usize);
    let height = inner.height as usize;
    if app.focus == Focus::Messages
        && let Some(selected) = selected
    {
        app.scroll = in_sight(app.scroll, &selected, lines.len(), height);
    }
    let effects = app.top_in_sight(lines.len(), height);

    // From the bottom, as a chat is read.
    let bottom = lines.len().saturating_sub(app.scroll);
    let top = bottom.saturating_sub(height);
    let shown: Vec<Line> = lines[top..bottom].to_vec();
    let mut block = block;
    if app.scroll > 0 {
        let text = format!(" {} lines below · PgDn ", app.scroll);
        block =
            block.title_bottom(Line::styled(text, Style::new().fg(Color::Yellow)).right_aligned());
    }
    frame.render_widget(block, area);
    let rows = u16::try_from(shown.len()).unwrap_or(inner.height);
    let y = inner.y + inner.height.saturating_sub(rows);
    let at = Rect { x: inner.x, y, width: inner.width, height: rows.min(inner.height) };
    frame.render_widget(Paragraph::new(shown), at);
    effects
}

/// How far to scroll up so that these lines are seen, the first before all.
fn in_sight(scroll: usize, wanted: &Range<usize>, all: usize, height: usize) -> usize {
    let from_end = |line: usize| all.saturating_sub(line);
    let most = from_end(wanted.end);
    let least = from_end(wanted.start).saturating_sub(height);
    scroll.min(most).max(least)
}

struct Lines {
    lines: Vec<Line<'static>>,
    /// Those of the selected message.
    selected: Option<Range<usize>>,
}

/// All lines of the room, oldest first.
fn lines(app: &App, view: &RoomView, width: usize) -> Lines {
    let mut lines = Vec::new();
    let mut selected = None;
    if view.has_older {
        let text = if app.loading { "loading older messages…" } else { "…" };
        lines.push(Line::styled(text, DIM).centered());
    }
    let mut day: Option<NaiveDate> = None;
    let mut before: Option<&v1::Message> = None;
    let mut told_new = false;
    for message in view.messages.values() {
        let at = local(message);
        if day != Some(at.date_naive()) {
            day = Some(at.date_naive());
            lines.push(rule(&at.format("%A, %-d %B %Y").to_string(), width, DIM));
            before = None;
        }
        let is_text = matches!(message.content, Some(Content::Text(_)));
        if !told_new
            && is_text
            && message.seq > app.new_after
            && message.sender_id != app.model.me.id
        {
            told_new = true;
            if app.new_after > 0 || view.has_older {
                lines.push(rule("new messages", width, Style::new().fg(Color::LightRed)));
                before = None;
            }
        }
        if let Some(text) = text_of(message) {
            if !together(before, message) {
                lines.push(head(app, &message.sender_id, &at, width));
            }
            let begin = lines.len();
            lines.extend(message_lines(app, view, message, &text, width));
            if app.selected == Some(message.seq) {
                for line in &mut lines[begin..] {
                    *line = std::mem::take(line).patch_style(SELECTED);
                }
                point(&mut lines[begin], "▶ ");
                selected = Some(begin..lines.len());
            }
            before = Some(message);
        } else if let Some(Content::Deleted(_)) = &message.content {
            if !together(before, message) {
                lines.push(head(app, &message.sender_id, &at, width));
            }
            let style = DIM.add_modifier(Modifier::ITALIC);
            lines.extend(body("Message deleted", width, style));
            before = Some(message);
        } else {
            if let Some(Content::System(system)) = &message.content {
                let about = crate::lines::about(message).map(|id| app.name_of(id));
                let what = crate::lines::what_happened(system, about.as_deref());
                let text = format!("{} {what}", app.name_of(&message.sender_id));
                let style = DIM.add_modifier(Modifier::ITALIC);
                lines.push(Line::styled(fit(&text, width), style).centered());
            }
            before = None;
        }
    }
    lines.extend(pending(app, view, width));
    Lines { lines, selected }
}

/// One message, without its head.
fn message_lines(
    app: &App,
    view: &RoomView,
    message: &v1::Message,
    text: &str,
    width: usize,
) -> Vec<Line<'static>> {
    let mut lines: Vec<_> = answered(app, view, message, width).into_iter().collect();
    // Who has a block with the user is seen, and calls nobody.
    let may_call =
        message.sender_id != app.model.me.id && !app.model.blocks.contains(&message.sender_id);
    let called = may_call && mentions(message, &app.model.me.id);
    let at = lines.len();
    if !text.is_empty() || message.attachments.is_empty() {
        lines.extend(body(text, width, if called { CALLED } else { Style::new() }));
    }
    lines.extend(message.attachments.iter().map(|file| attachment(&files::line(file), width)));
    if called {
        // Also where there are no colours.
        point(&mut lines[at], "@ ");
    }
    lines.extend(marks(message, width));
    lines.extend(thread(message));
    lines
}

fn attachment(text: &str, width: usize) -> Line<'static> {
    let text = fit(text, width.saturating_sub(INDENT.len()));
    Line::styled(format!("{INDENT}{text}"), Style::new().fg(ACCENT))
}

/// Puts a mark into the indent of a line.
fn point(line: &mut Line<'static>, mark: &'static str) {
    if let Some(span) = line.spans.first_mut()
        && let Some(rest) = span.content.strip_prefix(INDENT)
    {
        *span = Span::styled(format!("{mark}{rest}"), span.style);
    }
}

/// That a thread hangs on a message.
fn thread(message: &v1::Message) -> Option<Line<'static>> {
    let thread = message.thread.as_ref().filter(|thread| thread.reply_count > 0)?;
    let more = if thread.reply_more { "+" } else { "" };
    Some(Line::styled(format!("{INDENT}(thread: {}{more})", thread.reply_count), DIM))
}

/// The message that this one answers, in a line above it.
fn answered(
    app: &App,
    view: &RoomView,
    message: &v1::Message,
    width: usize,
) -> Option<Line<'static>> {
    if message.reply_to_seq == 0 {
        return None;
    }
    let text = match view.messages.get(&message.reply_to_seq) {
        Some(first) => {
            let text = gist_of(first).unwrap_or_else(|| "a deleted message".into());
            format!("{}: {}", app.name_of(&first.sender_id), text.replace('\n', " "))
        }
        None => "an earlier message".into(),
    };
    Some(Line::styled(format!("{INDENT}┃ {}", fit(&text, width.saturating_sub(4))), DIM))
}

/// What hangs on a message: that it is pinned or was edited, and its reactions.
fn marks(message: &v1::Message, width: usize) -> Option<Line<'static>> {
    let mut words = Vec::new();
    if message.pin.is_some() {
        words.push("pinned".to_owned());
    }
    if message.edited_at.is_some() {
        words.push("edited".to_owned());
    }
    for v1::Reaction { emoji, count, .. } in &message.reactions {
        words.push(format!("{emoji} {count}"));
    }
    let text = fit(&words.join("  "), width.saturating_sub(INDENT.len()));
    (!words.is_empty()).then(|| Line::styled(format!("{INDENT}{text}"), DIM))
}

/// Messages on their way, and those that were refused.
fn pending(app: &App, view: &RoomView, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![];
    for pending in app.pending.iter().filter(|pending| pending.room_id == view.room.id) {
        if !pending.text.is_empty() || pending.file.is_none() {
            lines.extend(body(&crate::lines::clean(&pending.text), width, DIM));
        }
        lines.extend(pending.file.iter().map(|name| attachment(&format!("📎 {name}"), width)));
        lines.push(match &pending.refused {
            Some(why) => {
                Line::styled(format!("{INDENT}✗ not sent: {why}"), Style::new().fg(Color::LightRed))
            }
            None => Line::styled(format!("{INDENT}◌ sending…"), DIM),
        });
    }
    lines
}

fn head(app: &App, sender: &str, at: &DateTime<Local>, width: usize) -> Line<'static> {
    let mine = sender == app.model.me.id;
    let name = fit(&app.name_of(sender), width.saturating_sub(8));
    let mut style = Style::new().fg(colour_of(sender)).add_modifier(Modifier::BOLD);
    if mine {
        style = style.add_modifier(Modifier::UNDERLINED);
    }
    Line::from(vec![Span::styled(name, style), Span::styled(at.format("  %H:%M").to_string(), DIM)])
}

fn body(text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let inner = width.saturating_sub(INDENT.len()).max(1);
    let wrapped = wrap(text, inner).into_iter();
    wrapped.map(|line| Line::styled(format!("{INDENT}{line}"), style)).collect()
}

fn rule(text: &str, width: usize, style: Style) -> Line<'static> {
    let text = format!(" {} ", fit(text, width.saturating_sub(6)));
    let left = width.saturating_sub(text.width()) / 2;
    let right = width.saturating_sub(text.width() + left);
    Line::styled(format!("{}{text}{}", "─".repeat(left), "─".repeat(right)), style)
}

fn together(before: Option<&v1::Message>, message: &v1::Message) -> bool {
    before.is_some_and(|before| {
        let seconds = |m: &v1::Message| m.posted_at.map_or(0, |at| at.seconds);
        before.sender_id == message.sender_id && seconds(message) - seconds(before) < TOGETHER_S
    })
}

pub fn local(message: &v1::Message) -> DateTime<Local> {
    let at = message.posted_at.unwrap_or_default();
    let utc = DateTime::from_timestamp(at.seconds, at.nanos.cast_unsigned()).unwrap_or_default();
    utc.with_timezone(&Local)
}

/// Breaks a text into lines of a width, at spaces where that is possible.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split_word_bounds() {
            let wide = word.width();
            if used + wide <= width {
                line.push_str(word);
                used += wide;
                continue;
            }
            if wide <= width {
                lines.push(std::mem::take(&mut line));
                used = 0;
                // The space at a break is not shown.
                if !word.trim().is_empty() {
                    line.push_str(word);
                    used = wide;
                }
                continue;
            }
            // A word that no line holds is broken where it must be.
            for grapheme in word.graphemes(true) {
                let wide = grapheme.width();
                if used + wide > width && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(grapheme);
                used += wide;
            }
        }
        lines.push(line);
    }
    lines
}
