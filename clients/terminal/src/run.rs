//! The window's loop: keys and updates in, effects out, a picture after each.

use std::io::stdout;

use causerie_client::{Client, Live, Updates, live::Options, outbox::Unsent, v1};
use crossterm::{
    event::{
        DisableBracketedPaste, EnableBracketedPaste, Event, EventStream, KeyboardEnhancementFlags,
        PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    execute,
    style::Print,
};
use futures::StreamExt as _;
use tokio::sync::mpsc;

use crate::{
    Problem,
    app::App,
    effect::{Answer, Effect},
    explain, files, reactions,
    search::Found,
    ui,
};

/// Shows the window until it is quit.
pub async fn window(client: &Client, server: &str) -> Result<(), Problem> {
    let mut terminal =
        ratatui::try_init().map_err(|error| format!("cannot open the terminal: {error}"))?;
    // Not every terminal knows these; without them Shift+Enter is Enter.
    let _ = execute!(
        stdout(),
        EnableBracketedPaste,
        PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)
    );
    let outcome = Window::new(client, server).run(&mut terminal).await;
    let _ = execute!(stdout(), PopKeyboardEnhancementFlags, DisableBracketedPaste);
    ratatui::restore();
    outcome
}

struct Window {
    client: Client,
    app: App,
    live: Option<(Live, Updates)>,
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
}

impl Window {
    fn new(client: &Client, server: &str) -> Self {
        let (answers, answered) = mpsc::channel(64);
        let signed_in = client.tokens().borrow().is_some();
        Self {
            live: signed_in.then(|| client.live(Options::default())),
            client: client.clone(),
            app: App::new(signed_in, server),
            answers,
            answered,
        }
    }

    async fn run(&mut self, terminal: &mut ratatui::DefaultTerminal) -> Result<(), Problem> {
        let mut keys = EventStream::new();
        loop {
            let mut effects = vec![];
            terminal
                .draw(|frame| effects = ui::draw(frame, &mut self.app))
                .map_err(|error| error.to_string())?;
            if effects.is_empty() {
                effects = tokio::select! {
                    key = keys.next() => match key {
                        Some(Ok(Event::Key(key))) => self.app.on_key(key),
                        Some(Ok(Event::Paste(text))) => self.app.on_paste(&text),
                        Some(Ok(_)) => vec![],
                        Some(Err(error)) => return Err(error.to_string()),
                        None => return Ok(()),
                    },
                    Some(answer) = self.answered.recv() => self.answer(answer),
                    update = next_update(&mut self.live) => if let Some(update) = update { self.app.on_update(&update) } else {
                        self.live = None;
                        vec![]
                    },
                };
            }
            for effect in effects {
                if effect == Effect::Quit {
                    return Ok(());
                }
                self.carry_out(effect).await;
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match &answer {
            Answer::SignedIn(Ok(_)) => self.live = Some(self.client.live(Options::default())),
            Answer::SignedOut => self.live = None,
            _ => {}
        }
        self.app.on_answer(answer)
    }

    async fn carry_out(&mut self, effect: Effect) {
        if effect == Effect::Bell {
            let _ = execute!(stdout(), Print('\u{7}'));
            return;
        }
        if let Effect::Send { room_id, text, reply_to_seq } = &effect {
            let log_id = self.app.log_id(room_id);
            let unsent =
                Unsent { reply_to_seq: *reply_to_seq, log_id, ..Unsent::new(room_id, text) };
            // In order, and into the outbox: it never waits for the network.
            if let Some((live, _)) = &self.live
                && live.post(unsent).await.is_err()
            {
                self.app.notice = Some("Couldn't queue the message.".into());
            }
            return;
        }
        let client = self.client.clone();
        let live = self.live.as_ref().map(|(live, _)| live.clone());
        let answers = self.answers.clone();
        // Of what is on the screen now.
        let log_id = effect.room_id().map(|room_id| self.app.log_id(room_id)).unwrap_or_default();
        tokio::spawn(async move {
            if let Some(answer) = ask(&client, live, effect, log_id).await {
                let _ = answers.send(answer).await;
            }
        });
    }
}

async fn next_update(live: &mut Option<(Live, Updates)>) -> Option<causerie_client::Update> {
    match live {
        Some((_, updates)) => updates.next().await,
        None => std::future::pending().await,
    }
}

async fn ask(
    client: &Client,
    live: Option<Live>,
    effect: Effect,
    log_id: String,
) -> Option<Answer> {
    let failed = |error: causerie_client::Error| Answer::Failed(explain(&error));
    match effect {
        Effect::SignIn { login, password } => {
            Some(Answer::SignedIn(client.login(&login, &password, true).await))
        }
        Effect::Register { username, display_name, password } => {
            let request =
                v1::RegisterRequest { username, display_name, password, ..Default::default() };
            Some(Answer::SignedIn(client.register(request).await))
        }
        Effect::SignOut => {
            let _ = client.logout().await;
            Some(Answer::SignedOut)
        }
        Effect::Load { room_id, before } => {
            let request = v1::ListMessagesRequest {
                room_id: room_id.clone(),
                anchor: before.map(v1::list_messages_request::Anchor::BeforeSeq),
                page_size: 100,
            };
            let page = client.list_messages(request).await;
            Some(Answer::Page { room_id, page })
        }
        Effect::Members(room_id) => {
            let request = v1::ListMembersRequest {
                room_id: room_id.clone(),
                page_size: 200,
                ..Default::default()
            };
            let page = client.list_members(request).await.ok()?;
            let users = page.members.into_iter().filter_map(|member| member.user);
            let states = page.presences.iter().map(v1::Presence::state);
            Some(Answer::Members { room_id, members: users.zip(states).collect() })
        }
        Effect::Users(user_ids) => {
            let found = client.batch_get_users(v1::BatchGetUsersRequest { user_ids }).await;
            found.ok().map(|found| Answer::Users(found.users))
        }
        Effect::Browse(query) => {
            let request = v1::BrowseRoomsRequest { query, page_size: 50, ..Default::default() };
            match client.browse_rooms(request).await {
                Ok(page) => Some(Answer::Directory(page.rooms)),
                Err(error) => Some(failed(error)),
            }
        }
        Effect::Search(asked) => {
            let page = client.search_messages(asked.clone()).await;
            Some(Answer::Found(Found { asked, page }))
        }
        Effect::Join(room_id) => {
            let joined = client.join_room(v1::JoinRoomRequest { room_id }).await;
            Some(Answer::Joined(joined.map(|joined| joined.room.unwrap_or_default())))
        }
        Effect::Create(name) => {
            let made =
                client.create_room(v1::CreateRoomRequest { name, ..Default::default() }).await;
            Some(Answer::Joined(made.map(|made| made.room.unwrap_or_default())))
        }
        Effect::Leave(room_id) => {
            client.leave_room(v1::LeaveRoomRequest { room_id }).await.err().map(failed)
        }
        // States: lost ones are said again.
        Effect::MarkRead { room_id, seq } => {
            let request = v1::MarkReadRequest { room_id, seq, thread_seq: 0, log_id };
            let _ = live?.mark_read(request).await;
            None
        }
        Effect::Typing { room_id, typing } => {
            let _ = live?.set_typing(v1::SetTypingRequest { room_id, typing }).await;
            None
        }
        Effect::Watch(room_ids) => {
            let request = v1::WatchRoomsRequest { connection_id: String::new(), room_ids };
            let _ = live?.watch_rooms(request).await;
            None
        }
        Effect::React { room_id, seq, emoji, on: true } => {
            let request = v1::AddReactionRequest { room_id, seq, emoji, log_id };
            client.add_reaction(request).await.err().map(failed)
        }
        Effect::React { room_id, seq, emoji, on: false } => {
            let request = v1::RemoveReactionRequest { room_id, seq, emoji, log_id };
            client.remove_reaction(request).await.err().map(failed)
        }
        Effect::Reactions { room_id, seq } => {
            Some(reactions::who_reacted(client, room_id, seq).await.unwrap_or_else(failed))
        }
        Effect::Edit { room_id, seq, text } => {
            let request = v1::EditMessageRequest {
                room_id: room_id.clone(),
                seq,
                text: text.clone(),
                log_id,
            };
            let problem = explain(&client.edit_message(request).await.err()?);
            Some(Answer::Refused { room_id, text: format!("/edit {text}"), problem })
        }
        Effect::Delete { room_id, seq } => {
            let request = v1::DeleteMessageRequest { room_id, seq, log_id };
            client.delete_message(request).await.err().map(failed)
        }
        Effect::Upload { room_id, path, text, written } => {
            let refused = |problem| {
                Some(Answer::Refused { room_id: room_id.clone(), text: written, problem })
            };
            let file = match files::upload(client, &path).await {
                Ok(file) => file,
                Err(problem) => return refused(problem),
            };
            let posted = match live {
                Some(live) => live.send_with(&room_id, &text, vec![file.id]).await.map(drop),
                None => return refused("not connected".into()),
            };
            posted.err().and_then(|error| refused(explain(&error)))
        }
        Effect::Save { file, to } => Some(match files::save(client, &file, &to).await {
            Ok(path) => {
                Answer::Told(format!("Saved to {}", crate::lines::clean(&path.to_string_lossy())))
            }
            Err(problem) => Answer::Failed(problem),
        }),
        Effect::Send { .. } | Effect::Bell | Effect::Quit => None,
    }
}
