//! Drawing: the state in, a picture out.

mod forms;
mod found;
mod side;
mod status;
mod timeline;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Position, Rect},
    style::{Color, Modifier, Style, Stylize as _},
    text::Line,
    widgets::{Block, BorderType, Clear, Padding, Paragraph},
};
use unicode_width::UnicodeWidthStr as _;

use crate::{
    app::{App, Focus},
    effect::Effect,
};

pub const DIM: Style = Style::new().fg(Color::DarkGray);
pub const ACCENT: Color = Color::Cyan;

/// Narrower than this there is one column.
const WIDE: u16 = 80;
/// From here on the members have a column too.
const WIDER: u16 = 110;
/// The composer grows up to this many lines.
const COMPOSER_LINES: u16 = 8;

/// Draws the window. What the drawing finds out about the scrolling (older
/// messages are in sight) comes back as effects.
pub fn draw(frame: &mut Frame, app: &mut App) -> Vec<Effect> {
    let area = frame.area();
    if area.width < 20 || area.height < 8 {
        frame.render_widget(Paragraph::new("The terminal is too small."), area);
        return vec![];
    }
    let mut effects = vec![];
    if app.form.is_some() {
        forms::sign_in(frame, app, area);
    } else {
        let [body, status] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
        effects = chat(frame, app, body);
        status::status_line(frame, app, status);
        if app.focus == Focus::Directory {
            forms::directory(frame, app, area);
        } else if app.focus == Focus::Search {
            found::draw(frame, app, area);
        }
    }
    if app.help {
        status::help(frame, area);
    }
    effects
}

fn chat(frame: &mut Frame, app: &mut App, area: Rect) -> Vec<Effect> {
    if area.width < WIDE {
        if app.focus == Focus::Rooms || app.room.is_none() {
            side::rooms(frame, app, area);
            return vec![];
        }
        return room(frame, app, area);
    }
    let members = if area.width >= WIDER { 24 } else { 0 };
    let [rooms, centre, right] = Layout::horizontal([
        Constraint::Length(28),
        Constraint::Min(0),
        Constraint::Length(members),
    ])
    .areas(area);
    side::rooms(frame, app, rooms);
    if members > 0 {
        side::members(frame, app, right);
    }
    room(frame, app, centre)
}

fn room(frame: &mut Frame, app: &mut App, area: Rect) -> Vec<Effect> {
    if app.room.is_none() {
        welcome(frame, app, area);
        return vec![];
    }
    let inner_width = area.width.saturating_sub(4).max(1);
    let text = app.draft().map(|draft| draft.text().to_owned()).unwrap_or_default();
    let lines = timeline::wrap(&text, inner_width as usize).len();
    let height = u16::try_from(lines).unwrap_or(COMPOSER_LINES).clamp(1, COMPOSER_LINES) + 2;
    let [top, typing, bottom] =
        Layout::vertical([Constraint::Min(3), Constraint::Length(1), Constraint::Length(height)])
            .areas(area);
    let effects = timeline::draw(frame, app, top);
    frame.render_widget(Paragraph::new(typing_line(app)), typing);
    composer(frame, app, bottom);
    effects
}

fn composer(frame: &mut Frame, app: &App, area: Rect) {
    let focused = app.focus == Focus::Composer;
    let block = panel(focused).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    let draft = app.draft();
    let text = draft.map_or("", |draft| draft.text());
    let before = draft.map_or("", |draft| draft.before_cursor());
    let width = inner.width.max(1) as usize;
    // The cursor is at the end of what comes before it, wrapped the same way.
    let cursor_lines = timeline::wrap(before, width);
    let row = cursor_lines.len().saturating_sub(1);
    let column = cursor_lines.last().map_or(0, |line| line.width());
    let above = row.saturating_sub(inner.height.saturating_sub(1) as usize);
    let lines: Vec<Line> = if text.is_empty() {
        vec![Line::styled("Write a message…", DIM)]
    } else {
        timeline::wrap(text, width).into_iter().skip(above).map(Line::raw).collect()
    };
    frame.render_widget(Paragraph::new(lines).block(block), area);
    if focused && !app.help {
        let x = inner.x + u16::try_from(column).unwrap_or(0).min(inner.width);
        let y = inner.y + u16::try_from(row - above).unwrap_or(0);
        frame.set_cursor_position(Position::new(x, y));
    }
}

fn typing_line(app: &App) -> Line<'static> {
    let typists = app.room.as_ref().and_then(|room| app.model.typing.get(room));
    let typists = typists.map(Vec::as_slice).unwrap_or_default();
    let names: Vec<_> = typists.iter().map(|id| app.name_of(id)).collect();
    let text = match names.as_slice() {
        [] => String::new(),
        _ if typists.iter().any(String::is_empty) => "  Several people are typing…".to_owned(),
        [one] => format!("  {one} is typing…"),
        [one, two] => format!("  {one} and {two} are typing…"),
        many => format!("  {} people are typing…", many.len()),
    };
    Line::styled(text, DIM.add_modifier(Modifier::ITALIC))
}

fn welcome(frame: &mut Frame, app: &App, area: Rect) {
    let text = if app.model.rooms.is_empty() {
        vec![
            Line::from("Welcome to Causerie".bold()),
            Line::raw(""),
            Line::from(vec!["Press ".into(), "^D".fg(ACCENT), " to find or create a room.".into()]),
        ]
    } else {
        vec![Line::styled("Choose a room with ↑ and ↓.", DIM)]
    };
    let middle = centred(area, 44, 3);
    frame.render_widget(Paragraph::new(text).centered(), middle);
}

/// Text in a box above everything else.
pub fn popup(frame: &mut Frame, area: Rect, title: &str, lines: Vec<Line>) {
    frame.render_widget(Clear, area);
    let block = panel(true).title(format!(" {title} ")).padding(Padding::horizontal(1));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

pub fn panel(focused: bool) -> Block<'static> {
    let style = if focused { Style::new().fg(ACCENT) } else { DIM };
    Block::bordered().border_type(BorderType::Rounded).border_style(style)
}

pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// A colour for each person, always the same.
pub fn colour_of(user_id: &str) -> Color {
    const COLOURS: [Color; 10] = [
        Color::Cyan,
        Color::Green,
        Color::Yellow,
        Color::Magenta,
        Color::Blue,
        Color::LightRed,
        Color::LightGreen,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
    ];
    let sum =
        user_id.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    COLOURS[sum % COLOURS.len()]
}

/// A text that fits into a width, with an ellipsis where it is cut.
pub fn fit(text: &str, width: usize) -> String {
    let text = text.replace('\n', " ");
    if text.width() <= width {
        return text;
    }
    let mut fitted = String::new();
    for grapheme in unicode_segmentation::UnicodeSegmentation::graphemes(text.as_str(), true) {
        if fitted.width() + grapheme.width() + 1 > width {
            break;
        }
        fitted.push_str(grapheme);
    }
    fitted.push('…');
    fitted
}

#[cfg(test)]
mod tests;
