//! Signing in, and finding rooms.

use causerie_client::endpoint::is_readable_on_the_way;
use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::{Color, Style, Stylize as _},
    text::{Line, Span},
    widgets::{Clear, Padding, Paragraph},
};
use unicode_width::UnicodeWidthStr as _;

use super::{ACCENT, DIM, centred, fit, panel, timeline::wrap};
use crate::{
    NOT_ENCRYPTED,
    app::App,
    form::{Field, Form, Mode},
};

/// Columns of the form, if the window has as many.
const WIDTH: u16 = 58;

pub fn sign_in(frame: &mut Frame, app: &App, area: Rect) {
    let Some(form) = &app.form else { return };
    let status = status(app, form);
    let height = u16::try_from(form.fields.len() * 3 + status.len()).unwrap_or(13) + 7;
    let area = centred(area, WIDTH, height);
    let (title, other) = match form.mode {
        Mode::SignIn => ("Sign in", "F2 create account"),
        Mode::Register => ("Create account", "F2 sign in"),
    };
    let block = panel(true).title(" Causerie ".bold()).padding(Padding::symmetric(2, 1));
    let inner = block.inner(area);
    let mut lines = vec![
        Line::from(vec![title.bold(), Span::styled(format!("   {}", app.server), DIM)]),
        Line::raw(""),
    ];
    let mut cursor = None;
    for (at, field) in form.fields.iter().enumerate() {
        let focused = at == form.focus;
        let row = u16::try_from(lines.len()).unwrap_or(0) + 1;
        lines.extend(field_lines(field, focused, inner.width as usize));
        if focused {
            let column = shown(field, inner.width as usize).width() + 2;
            cursor = Some((u16::try_from(column).unwrap_or(0), row));
        }
    }
    lines.extend(status);
    lines.push(Line::styled(format!("Enter continue   Tab next field   {other}"), DIM));
    frame.render_widget(Paragraph::new(lines).block(block), area);
    if let Some((x, y)) = cursor.filter(|_| !app.help) {
        let x = (inner.x + x).min(inner.right().saturating_sub(1));
        frame.set_cursor_position(Position::new(x, inner.y + y));
    }
}

/// What there is to say of the form as a whole: at least one line.
fn status(app: &App, form: &Form) -> Vec<Line<'static>> {
    let (text, style) = match (&form.problem, &app.notice, form.busy) {
        (Some(problem), _, _) => (problem.as_str(), Style::new().fg(Color::LightRed)),
        (None, _, true) if form.mode == Mode::SignIn => ("Signing in…", DIM),
        (None, _, true) => ("Please wait…", DIM),
        (None, Some(notice), _) => (notice.as_str(), Style::new().fg(Color::Yellow)),
        (None, None, _) if is_readable_on_the_way(&app.server) => {
            (NOT_ENCRYPTED, Style::new().fg(Color::Yellow))
        }
        (None, None, _) => ("", Style::new()),
    };
    // Borders and padding take six columns.
    let wrapped = wrap(text, usize::from(WIDTH) - 6);
    wrapped.into_iter().map(|line| Line::styled(line, style)).collect()
}

/// What of a field is seen: the end of what was typed, or stars.
fn shown(field: &Field, width: usize) -> String {
    let text = field.editor.before_cursor();
    let text = if field.hidden { "•".repeat(text.chars().count()) } else { text.to_owned() };
    let most = width.saturating_sub(4);
    let mut rest = text.as_str();
    while rest.width() > most {
        let mut chars = rest.chars();
        chars.next();
        rest = chars.as_str();
    }
    rest.to_owned()
}

fn field_lines(field: &Field, focused: bool, width: usize) -> Vec<Line<'static>> {
    let label = match &field.problem {
        Some(problem) => Line::from(vec![
            Span::raw(field.label),
            Span::styled(
                format!("  {}", fit(problem, width.saturating_sub(field.label.len() + 3))),
                Style::new().fg(Color::LightRed),
            ),
        ]),
        None => Line::styled(field.label, if focused { Style::new() } else { DIM }),
    };
    let style = Style::new().fg(if focused { ACCENT } else { Color::DarkGray });
    let after = field.editor.text().len() > field.editor.before_cursor().len();
    let value = vec![
        Span::styled("› ", style),
        Span::raw(shown(field, width)),
        Span::styled(if after { "…" } else { "" }, DIM),
    ];
    vec![label, Line::from(value), Line::raw("")]
}

pub fn directory(frame: &mut Frame, app: &App, area: Rect) {
    let area = centred(area, 72, area.height.saturating_sub(4).min(24));
    frame.render_widget(Clear, area);
    let block = panel(true).title(" Browse rooms ").padding(Padding::horizontal(1));
    let inner = block.inner(area);
    let query = app.directory.query.text();
    let width = inner.width as usize;
    let mut lines = vec![
        Line::from(vec![
            Span::styled("› ", Style::new().fg(ACCENT)),
            if query.is_empty() {
                Span::styled("name or topic", DIM)
            } else {
                Span::raw(query.to_owned())
            },
        ]),
        Line::raw(""),
    ];
    let rows = (inner.height as usize).saturating_sub(4);
    let above = (app.directory.selected + 1).saturating_sub(rows);
    for (at, entry) in app.directory.rooms.iter().enumerate().skip(above).take(rows) {
        let room = entry.room.clone().unwrap_or_default();
        let name = fit(&crate::lines::clean(&room.name), width / 2);
        let state = if entry.joined {
            "joined".to_owned()
        } else {
            match room.member_count {
                1 => "1 member".to_owned(),
                count => format!("{count} members"),
            }
        };
        let topic_width = width.saturating_sub(name.width() + state.width() + 6);
        let topic = fit(&crate::lines::clean(&room.topic), topic_width);
        let gap = width.saturating_sub(name.width() + topic.width() + state.width() + 4);
        let style =
            if at == app.directory.selected { Style::new().reversed() } else { Style::new() };
        lines.push(
            Line::from(vec![
                Span::styled(format!(" {name}  "), Style::new().bold()),
                Span::styled(topic, if at == app.directory.selected { Style::new() } else { DIM }),
                Span::raw(" ".repeat(gap)),
                Span::styled(
                    format!("{state} "),
                    Style::new().fg(if entry.joined { Color::Green } else { Color::Reset }),
                ),
            ])
            .style(style),
        );
    }
    if app.directory.rooms.is_empty() {
        let text = if query.is_empty() {
            "No rooms yet.".to_owned()
        } else {
            format!("No rooms match. Press Enter to create “{}”.", fit(query, 30))
        };
        lines.push(Line::styled(text, DIM));
    }
    while lines.len() + 1 < inner.height as usize {
        lines.push(Line::raw(""));
    }
    lines.push(Line::styled("Enter join   Alt+Enter create room   Esc close", DIM));
    frame.render_widget(Paragraph::new(lines).block(block), area);
    if !app.help {
        let x =
            inner.x + 2 + u16::try_from(app.directory.query.before_cursor().width()).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(inner.right().saturating_sub(1)), inner.y));
    }
}
