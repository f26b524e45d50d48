//! The line at the bottom, and the help.

use causerie_client::connection::State;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{ACCENT, DIM, centred, fit, popup};
use crate::app::{App, Focus};

const SELECT_KEYS: &str =
    "↑↓ select   Enter reply   + react   e edit   d delete   s save   Esc back";

pub fn status_line(frame: &mut Frame, app: &App, area: Rect) {
    let (dot, text) = match app.connection {
        State::Live => (Span::styled(" ● ", Style::new().fg(Color::Green)), String::new()),
        State::Connecting => {
            (Span::styled(" ○ ", Style::new().fg(Color::Yellow)), "connecting… ".into())
        }
        State::CatchingUp => {
            (Span::styled(" ◐ ", Style::new().fg(Color::Yellow)), "catching up… ".into())
        }
        State::Waiting { .. } => (
            Span::styled(" ○ ", Style::new().fg(Color::Red)),
            "offline; messages will be sent when you reconnect ".into(),
        ),
        State::Ended if app.refusal.is_some() => {
            (Span::styled(" ○ ", Style::new().fg(Color::Red)), "ended by the server ".into())
        }
        State::Ended => (Span::styled(" ○ ", Style::new().fg(Color::Red)), "signed out ".into()),
    };
    let mut left = vec![dot];
    if app.connection != State::Live {
        left.push(Span::styled(text, Style::new().fg(Color::Yellow)));
    }
    left.push(match (&app.question, &app.notice, &app.told) {
        (Some(question), ..) => {
            let text = fit(&question.text, (area.width as usize).saturating_sub(20).min(40));
            let style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
            Span::styled(format!("Delete “{text}”? y/n"), style)
        }
        (_, Some(notice), _) => Span::styled(notice.clone(), Style::new().fg(Color::LightRed)),
        (_, _, Some(told)) => Span::styled(told.clone(), Style::new().fg(Color::Green)),
        _ if app.focus == Focus::Messages => Span::styled(SELECT_KEYS, DIM),
        _ => {
            let name = crate::lines::clean(&app.model.me.display_name);
            Span::styled(format!("{name} on {}", app.server), DIM)
        }
    });
    let keys = Line::styled("^D rooms   F1 help   ^C quit ", DIM);
    // What is said on the left may need all of the line.
    let says = app.notice.is_some() || app.told.is_some() || app.question.is_some();
    let free = !says && app.focus != Focus::Messages;
    let keys_width = if area.width >= 70 && free { 30 } else { 0 };
    let [main, right] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(keys_width)]).areas(area);
    frame.render_widget(Paragraph::new(Line::from(left)), main);
    frame.render_widget(Paragraph::new(keys).right_aligned(), right);
}

const KEYS: [(&str, &str); 22] = [
    ("↑ ↓  or  Alt+↑ ↓", "previous / next room"),
    ("^N ^P", "previous / next room from anywhere"),
    ("Enter", "write or send"),
    ("Alt+Enter", "new line"),
    ("Tab, Esc", "switch between rooms and message field"),
    ("PgUp PgDn", "scroll the history"),
    ("^S, or ↑ in writing", "select a message, then"),
    ("Enter + e d s", "  reply, react, edit, delete, save"),
    ("/reply  /react 👍", "same as commands; without a"),
    ("/edit  /delete", "  selection: the latest message"),
    ("/reactions", "who reacted to the message"),
    ("/send PATH text", "send a file, text optional"),
    ("/save PATH", "save an attachment, PATH optional"),
    ("^D", "find, join or create a room"),
    ("^F or /search", "search messages"),
    ("^L", "leave the current room"),
    ("^W ^U", "delete a word, a line"),
    ("^A ^E", "to the beginning or end of the line"),
    ("^O", "sign out"),
    ("^C", "quit"),
    ("F1", "this help"),
    ("", ""),
];

pub fn help(frame: &mut Frame, area: Rect) {
    let area = centred(area, 66, u16::try_from(KEYS.len()).unwrap_or(20) + 3);
    let mut lines: Vec<Line> = KEYS
        .iter()
        .map(|(key, what)| {
            Line::from(vec![
                Span::styled(format!("{key:>20}  "), Style::new().fg(ACCENT)),
                (*what).into(),
            ])
        })
        .collect();
    lines.pop();
    lines.push(Line::raw(""));
    lines.push(Line::styled("press any key to close", DIM).centered());
    popup(frame, area, "Keys", lines);
}
