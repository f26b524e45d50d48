//! The search for messages.

use causerie_client::v1;
use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::{Color, Style},
    text::{Line, Span},
    widgets::{Clear, Padding, Paragraph},
};
use unicode_width::UnicodeWidthStr as _;

use super::{ACCENT, DIM, centred, colour_of, fit, panel, timeline};
use crate::app::{App, gist_of};

/// Lines below the list, for the whole of the selected message.
const WHOLE: usize = 4;

pub fn draw(frame: &mut Frame, app: &App, area: Rect) {
    let area = centred(area, 90, area.height.saturating_sub(4).min(28));
    frame.render_widget(Clear, area);
    let block = panel(true).title(" Search messages ").padding(Padding::horizontal(1));
    let inner = block.inner(area);
    let (width, height) = (inner.width as usize, inner.height as usize);
    let search = &app.search;
    let query = search.query.text();
    let hint = "words, \"a phrase\", from:name in:room after:2026-01-31";
    let mut lines = vec![
        Line::from(vec![
            Span::styled("› ", Style::new().fg(ACCENT)),
            if query.is_empty() {
                Span::styled(fit(hint, width), DIM)
            } else {
                Span::raw(query.to_owned())
            },
        ]),
        Line::raw(""),
    ];
    let rows = height.saturating_sub(WHOLE + 4).max(1);
    let above = (search.selected + 1).saturating_sub(rows);
    for (at, message) in search.messages.iter().enumerate().skip(above).take(rows) {
        let style = if at == search.selected { Style::new().reversed() } else { Style::new() };
        lines.push(row(app, message, width).style(style));
    }
    if let Some(problem) = &search.problem {
        lines.push(Line::styled(fit(problem, width), Style::new().fg(Color::LightRed)));
    } else if search.messages.is_empty() && !query.trim().is_empty() {
        lines.push(Line::styled("Nothing was found.", DIM));
    }
    lines.resize(height.saturating_sub(WHOLE + 1).max(3), Line::raw(""));
    let whole = search.messages.get(search.selected).and_then(gist_of).unwrap_or_default();
    let whole = timeline::wrap(&whole, width).into_iter().take(WHOLE - 1).map(Line::raw);
    lines.push(Line::raw(""));
    lines.extend(whole);
    lines.resize(height.saturating_sub(1), Line::raw(""));
    lines.push(Line::styled("Enter go to room   Esc close", DIM));
    frame.render_widget(Paragraph::new(lines).block(block), area);
    if !app.help {
        let x = inner.x + 2 + u16::try_from(search.query.before_cursor().width()).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(inner.right().saturating_sub(1)), inner.y));
    }
}

fn row(app: &App, message: &v1::Message, width: usize) -> Line<'static> {
    let at = timeline::local(message).format("%d %b %y %H:%M").to_string();
    let room = app.model.rooms.get(&message.room_id).map(|view| app.room_name(&view.room));
    let room = fit(&room.unwrap_or_else(|| "…".into()), width / 5);
    let sender = fit(&app.name_of(&message.sender_id), width / 5);
    let used = at.width() + room.width() + sender.width() + 6;
    let text = fit(&gist_of(message).unwrap_or_default(), width.saturating_sub(used));
    Line::from(vec![
        Span::styled(format!("{at}  "), DIM),
        Span::raw(format!("{room}  ")),
        Span::styled(sender, Style::new().fg(colour_of(&message.sender_id)).bold()),
        Span::raw(format!("  {text}")),
    ])
}
