//! The columns beside the room: rooms on the left, members on the right.

use causerie_client::v1::PresenceState;
use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_width::UnicodeWidthStr as _;

use super::{ACCENT, DIM, colour_of, fit, panel};
use crate::app::{App, Focus};

pub fn rooms(frame: &mut Frame, app: &App, area: Rect) {
    let block = panel(app.focus == Focus::Rooms).title(" Rooms ");
    let inner = block.inner(area);
    let width = inner.width as usize;
    let ids = app.room_ids();
    let open = ids.iter().position(|id| app.room.as_ref() == Some(id)).unwrap_or(0);
    let above = (open + 1).saturating_sub(inner.height as usize);
    let mut lines: Vec<Line> = Vec::new();
    for id in ids.iter().skip(above) {
        let Some(view) = app.model.rooms.get(id) else { continue };
        let (count, more) = view.unread(&app.model.me.id);
        let badge = match (count, more) {
            (0, false) => String::new(),
            (1..=999, false) => format!(" {count} "),
            _ => " 999+ ".into(),
        };
        let called = view.unread_mentions(&app.model.me.id, &app.model.blocks) > 0;
        let badge = if called { format!(" @{badge}") } else { badge };
        let is_open = app.room.as_ref() == Some(id);
        let name = fit(&app.room_name(&view.room), width.saturating_sub(badge.width() + 3));
        let gap = width.saturating_sub(name.width() + badge.width() + 3);
        let mut style = Style::new();
        if count > 0 {
            style = style.add_modifier(Modifier::BOLD);
        }
        if is_open {
            style = style.fg(ACCENT);
        }
        lines.push(Line::from(vec![
            Span::styled(if is_open { "▌ " } else { "  " }, Style::new().fg(ACCENT)),
            Span::styled(name, style),
            Span::raw(" ".repeat(gap)),
            Span::styled(badge, Style::new().fg(Color::Black).bg(Color::Yellow)),
        ]));
    }
    if lines.is_empty() {
        lines.push(Line::styled(" no rooms yet · ^D browse", DIM));
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

pub fn members(frame: &mut Frame, app: &App, area: Rect) {
    let ids = app.room.as_ref().and_then(|room| app.members.get(room));
    let mut people: Vec<_> = ids
        .into_iter()
        .flatten()
        .map(|id| {
            let state = app.model.presence.get(id).copied().unwrap_or(PresenceState::Offline);
            // Oneself is here, whatever the others may be told.
            let state = if *id == app.model.me.id { PresenceState::Online } else { state };
            (state == PresenceState::Offline, app.name_of(id), id.clone(), state)
        })
        .collect();
    people.sort();
    let title = match people.len() {
        0 => " Members ".to_owned(),
        count => format!(" {count} members "),
    };
    let block = panel(false).title(title);
    let inner = block.inner(area);
    let lines: Vec<Line> = people
        .into_iter()
        .take(inner.height as usize)
        .map(|(offline, name, id, state)| {
            let (dot, colour) = match state {
                PresenceState::Online => ("●", Color::Green),
                PresenceState::Away => ("◐", Color::Yellow),
                PresenceState::DoNotDisturb => ("⊖", Color::Red),
                _ => ("○", Color::DarkGray),
            };
            let style = if offline { DIM } else { Style::new().fg(colour_of(&id)) };
            Line::from(vec![
                Span::styled(format!(" {dot} "), Style::new().fg(colour)),
                Span::styled(fit(&name, (inner.width as usize).saturating_sub(4)), style),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
