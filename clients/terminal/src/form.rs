//! The form to register or sign in.

use crossterm::event::{KeyCode, KeyEvent};

use crate::{app::App, editor::Editor, effect::Effect, keys::edit};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    SignIn,
    Register,
}

/// One line to fill in.
#[derive(Debug, Clone)]
pub struct Field {
    /// What the server calls it.
    pub name: &'static str,
    pub label: &'static str,
    pub hidden: bool,
    pub editor: Editor,
    pub problem: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Form {
    pub mode: Mode,
    pub fields: Vec<Field>,
    pub focus: usize,
    /// A problem of no single field.
    pub problem: Option<String>,
    pub busy: bool,
}

impl Form {
    pub fn new(mode: Mode) -> Self {
        let field = |name, label, hidden| Field {
            name,
            label,
            hidden,
            editor: Editor::default(),
            problem: None,
        };
        let fields = match mode {
            Mode::SignIn => {
                vec![field("login", "Username", false), field("password", "Password", true)]
            }
            Mode::Register => vec![
                field("username", "Username", false),
                field("display_name", "Display name (optional)", false),
                field("password", "Password", true),
                field("again", "Confirm password", true),
            ],
        };
        Self { mode, fields, focus: 0, problem: None, busy: false }
    }

    pub fn toggled(&self) -> Self {
        Self::new(match self.mode {
            Mode::SignIn => Mode::Register,
            Mode::Register => Mode::SignIn,
        })
    }

    pub fn value(&self, name: &str) -> String {
        let mut found = self.fields.iter().filter(|field| field.name == name);
        found.next().map_or(String::new(), |field| field.editor.text().to_owned())
    }

    pub fn step(&mut self, by: isize) {
        let count = self.fields.len().cast_signed();
        self.focus = (self.focus.cast_signed() + by).rem_euclid(count).cast_unsigned();
    }

    pub fn editor(&mut self) -> &mut Editor {
        let at = self.focus.min(self.fields.len() - 1);
        &mut self.fields[at].editor
    }

    /// Checks what needs no server; whether it may be sent.
    pub fn ready(&mut self) -> bool {
        self.clear_problems();
        if self.mode == Mode::Register && self.value("password") != self.value("again") {
            self.set_problem("again", "doesn't match".into());
            return false;
        }
        self.busy = true;
        true
    }

    pub fn failed(&mut self, error: &causerie_client::Error) {
        self.busy = false;
        if error.violations.is_empty() {
            self.problem = Some(error.message.clone());
        }
        for (field, rule) in &error.violations {
            self.set_problem(field, rule.clone());
        }
        let first = self.fields.iter().position(|field| field.problem.is_some());
        self.focus = first.unwrap_or(self.focus);
    }

    fn set_problem(&mut self, name: &str, rule: String) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.problem = Some(rule),
            None => self.problem = Some(format!("{name} {rule}")),
        }
    }

    fn clear_problems(&mut self) {
        self.problem = None;
        for field in &mut self.fields {
            field.problem = None;
        }
    }
}

impl App {
    pub fn form_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(form) = &mut self.form else { return vec![] };
        match key.code {
            KeyCode::Tab | KeyCode::Down => form.step(1),
            KeyCode::BackTab | KeyCode::Up => form.step(-1),
            KeyCode::F(2) => *form = form.toggled(),
            KeyCode::Esc => return vec![Effect::Quit],
            KeyCode::Enter if form.focus + 1 < form.fields.len() => form.step(1),
            KeyCode::Enter if form.busy || !form.ready() => {}
            KeyCode::Enter => {
                let password = form.value("password");
                return vec![match form.mode {
                    Mode::SignIn => Effect::SignIn { login: form.value("login"), password },
                    Mode::Register => Effect::Register {
                        username: form.value("username"),
                        display_name: form.value("display_name"),
                        password,
                    },
                }];
            }
            _ => {
                edit(form.editor(), key);
            }
        }
        vec![]
    }
}
