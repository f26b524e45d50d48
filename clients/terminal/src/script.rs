//! Commands for scripts: lines in, lines out, a clear error and exit code.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use causerie_client::{
    Client, Error, Live, Update, Updates, connection::State, folding::fold, live::Options, v1,
};
use crossterm::{event, terminal};
use serde_json::json;
use tokio::sync::mpsc;
use tonic::Code;

use crate::{
    Command, Problem, explain, files,
    lines::{as_json, as_text, clean},
    names::Names,
    tail,
};

pub async fn run(client: &Client, command: Command) -> Result<(), Problem> {
    match command {
        Command::Register { username, display_name, invite } => {
            let password = password()?;
            // Of a link the last part of its path.
            let invite_code = invite.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let request = v1::RegisterRequest {
                username,
                display_name,
                password,
                invite_code: invite_code.to_owned(),
                ..Default::default()
            };
            let user = client.register(request).await.map_err(|e| explain(&e))?;
            println!("Welcome, {}.", clean(&user.display_name));
            Ok(())
        }
        Command::Login { username } => {
            let user =
                client.login(&username, &password()?, true).await.map_err(|e| explain(&e))?;
            println!("Signed in as {}.", clean(&user.username));
            Ok(())
        }
        Command::Recover { link } => {
            let token = link.rsplit('#').next().unwrap_or_default();
            let user = client.recover_account(token, &password()?, true).await;
            let user = user.map_err(|e| explain(&e))?;
            println!("The new password is set. Signed in as {}.", clean(&user.username));
            Ok(())
        }
        Command::Logout => client.logout().await.map_err(|e| explain(&e)),
        Command::Send { room, text, files } => send(client, &room, text, &files).await,
        Command::Save { room, seq, folder } => save(client, &room, seq, &folder).await,
        Command::Tail { room, json } => tail::run(client, room, json).await,
        Command::Rooms { json } => list(client, json).await,
        Command::Search { words, limit, json } => {
            search(client, &words.join(" "), limit, json).await
        }
        Command::Join { room } => {
            let room_id = find(client, &room).await?;
            let joined = client.join_room(v1::JoinRoomRequest { room_id }).await;
            let room = joined.map_err(|e| explain(&e))?.room.unwrap_or_default();
            println!("{}  {}", room.id, clean(&room.name));
            Ok(())
        }
        Command::Create { name, topic } => {
            let request = v1::CreateRoomRequest { name, topic, ..Default::default() };
            let made = client.create_room(request).await.map_err(|e| explain(&e))?;
            let room = made.room.unwrap_or_default();
            println!("{}  {}", room.id, clean(&room.name));
            Ok(())
        }
    }
}

/// From the terminal without showing it, or the first line of standard input.
fn password() -> Result<String, Problem> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut line = String::new();
        stdin.lock().read_line(&mut line).map_err(|error| error.to_string())?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    eprint!("Password: ");
    terminal::enable_raw_mode().map_err(|error| error.to_string())?;
    let typed = read_hidden();
    let _ = terminal::disable_raw_mode();
    eprintln!();
    typed
}

fn read_hidden() -> Result<String, Problem> {
    use event::{Event, KeyCode, KeyEventKind, KeyModifiers};
    let mut typed = String::new();
    loop {
        let Event::Key(key) = event::read().map_err(|error| error.to_string())? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match key.code {
            KeyCode::Enter => return Ok(typed),
            KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Err("interrupted".into());
            }
            KeyCode::Char(c) => typed.push(c),
            KeyCode::Backspace => {
                typed.pop();
            }
            _ => {}
        }
    }
}

/// All rooms of the caller.
pub async fn own_rooms(client: &Client) -> Result<Vec<v1::RoomSummary>, Problem> {
    let mut rooms = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListRoomsRequest { page_size: 200, page_token };
        let page = client.list_rooms(request).await.map_err(|e| explain(&e))?;
        rooms.extend(page.rooms);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(rooms);
        }
    }
}

/// The id of a room that is named by id or by name; one's own rooms come first.
/// `@name` is the direct room with a user. A name that is typed exactly comes before
/// those that differ in case or accents.
pub async fn find(client: &Client, named: &str) -> Result<String, Problem> {
    if let Some(username) = named.strip_prefix('@') {
        return direct(client, username).await;
    }
    let own: Vec<v1::Room> =
        own_rooms(client).await?.into_iter().filter_map(|summary| summary.room).collect();
    if own.iter().any(|room| room.id == named) {
        return Ok(named.to_owned());
    }
    let mut found = called(named, own, |room| &room.name);
    if found.is_empty() {
        found = called(named, public_rooms(client, named).await, |room| &room.name);
    }
    match found.as_slice() {
        // Perhaps the id of a room that this list does not have; the server says.
        [] if named.len() == 36 && named.matches('-').count() == 4 => Ok(named.to_owned()),
        [] => Err(format!("no room named {named}")),
        [room] => Ok(room.id.clone()),
        _ => Err(format!("several rooms are named {named}; use the room's ID")),
    }
}

/// What is called so: exactly, or else without regard to case, accents and width.
fn called<T>(named: &str, all: Vec<T>, name_of: impl Fn(&T) -> &str) -> Vec<T> {
    let (exact, others): (Vec<T>, Vec<T>) = all.into_iter().partition(|it| name_of(it) == named);
    if !exact.is_empty() {
        return exact;
    }
    let folded = fold(named);
    others.into_iter().filter(|it| fold(name_of(it)) == folded).collect()
}

/// The public rooms that a text is found in. None if the server does not search for such
/// a text, such as one that is too long.
async fn public_rooms(client: &Client, query: &str) -> Vec<v1::Room> {
    let mut rooms = Vec::new();
    let mut request =
        v1::BrowseRoomsRequest { query: query.into(), page_size: 200, ..Default::default() };
    while let Ok(page) = client.browse_rooms(request.clone()).await {
        rooms.extend(page.rooms.into_iter().filter_map(|entry| entry.room));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    rooms
}

async fn send(
    client: &Client,
    room: &str,
    text: Option<String>,
    paths: &[PathBuf],
) -> Result<(), Problem> {
    let room_id = find(client, room).await?;
    let mut attachment_ids = vec![];
    for path in paths {
        attachment_ids.push(files::upload(client, path).await?.id);
    }
    let (live, mut updates) = client.live(Options::default());
    if text.is_none() && attachment_ids.is_empty() {
        return send_lines(&live, &mut updates, &room_id).await;
    }
    let text = text.unwrap_or_default();
    live.send_with(&room_id, &text, attachment_ids).await.map_err(|e| explain(&e))?;
    let mut waiting = 1;
    while waiting > 0 {
        settle(updates.next().await, &mut waiting)?;
    }
    Ok(())
}

/// One message for each line of standard input. One that is no text ends that,
/// after what came before it has been sent.
async fn send_lines(live: &Live, updates: &mut Updates, room_id: &str) -> Result<(), Problem> {
    let mut lines = lines_of_input();
    let mut sent = 0_usize;
    let mut waiting = 0_usize;
    let read = loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(Ok(line)) if line.trim().is_empty() => {}
                Some(Ok(line)) => {
                    live.send(room_id, &line).await.map_err(|e| explain(&e))?;
                    sent += 1;
                    waiting += 1;
                }
                Some(Err(problem)) => break Err(problem),
                None => break Ok(()),
            },
            update = updates.next() => settle(update, &mut waiting)?,
        }
    };
    while waiting > 0 {
        settle(updates.next().await, &mut waiting)?;
    }
    read.map_err(|problem| {
        let were = if sent == 1 { "message was" } else { "messages were" };
        format!("{problem}; {sent} {were} sent before the error, none after")
    })
}

/// Reading standard input blocks, and must not hold up the connection. Ends with
/// the first line that cannot be read.
fn lines_of_input() -> mpsc::Receiver<Result<String, Problem>> {
    let (sender, lines) = mpsc::channel(64);
    std::thread::spawn(move || {
        for (before, line) in io::stdin().lock().lines().enumerate() {
            let line = line.map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => format!("line {} is not valid UTF-8", before + 1),
                _ => format!("line {}: {error}", before + 1),
            });
            let last = line.is_err();
            if sender.blocking_send(line).is_err() || last {
                return;
            }
        }
    });
    lines
}

/// Saves every file of a message, and prints where.
async fn save(client: &Client, room: &str, seq: i64, folder: &Path) -> Result<(), Problem> {
    let room_id = find(client, room).await?;
    let found = client.get_message(v1::GetMessageRequest { room_id, seq }).await;
    let message = found.map_err(|e| explain(&e))?.message.unwrap_or_default();
    if message.attachments.is_empty() {
        return Err("this message has no attachments".into());
    }
    if !folder.is_dir() {
        return Err(format!("no such directory: {}", folder.display()));
    }
    for file in &message.attachments {
        let path = files::save(client, file, folder).await?;
        // Whoever reads this has gone: the files are wanted all the same.
        let _ = writeln!(io::stdout(), "{}", path.display());
    }
    Ok(())
}

fn settle(update: Option<Update>, waiting: &mut usize) -> Result<(), Problem> {
    match update {
        Some(Update::Sent { result, .. }) => {
            *waiting -= 1;
            result.map(drop).map_err(|error| explain(&error))
        }
        Some(Update::Refused(error)) => Err(refused(&error)),
        Some(Update::Connection(State::Ended)) | None => Err(ended()),
        Some(_) => Ok(()),
    }
}

/// Why the server does not go on.
pub fn refused(error: &Error) -> Problem {
    if error.code == Code::Unauthenticated { ended() } else { explain(error) }
}

fn ended() -> Problem {
    "not signed in, or the session has ended; run `causerie-chat login NAME`".into()
}

/// The id of the direct room with a user, who is named by username or by display name.
async fn direct(client: &Client, named: &str) -> Result<String, Problem> {
    let mut users = Vec::new();
    let mut request =
        v1::SearchUsersRequest { query: named.into(), page_size: 200, ..Default::default() };
    loop {
        let page = client.search_users(request.clone()).await.map_err(|e| explain(&e))?;
        users.extend(page.users);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    // Usernames are unique without regard to case; display names are not unique.
    let by_username = users.iter().find(|user| user.username.eq_ignore_ascii_case(named)).cloned();
    let found = match by_username {
        Some(user) => vec![user],
        None => called(named, users, |user| &user.display_name),
    };
    let [user] = found.as_slice() else {
        return Err(if found.is_empty() {
            format!("no user named {named}")
        } else {
            format!("several people are named {named}; use the username")
        });
    };
    let request = v1::OpenDirectRoomRequest { user_id: user.id.clone() };
    let opened = client.open_direct_room(request).await.map_err(|e| explain(&e))?;
    Ok(opened.room.unwrap_or_default().id)
}

async fn search(client: &Client, words: &str, limit: usize, json: bool) -> Result<(), Problem> {
    let mut names = Names::new(client);
    let mut rooms: HashMap<String, String> = HashMap::new();
    for room in own_rooms(client).await?.into_iter().filter_map(|summary| summary.room) {
        let name = names.room(&room).await;
        rooms.insert(room.id, name);
    }
    let mut request = v1::SearchMessagesRequest { query: words.into(), ..Default::default() };
    let mut left = limit;
    while left > 0 {
        request.page_size = i32::try_from(left.min(200)).unwrap_or(200);
        let page = client.search_messages(request.clone()).await.map_err(|e| explain(&e))?;
        left = left.saturating_sub(page.messages.len());
        for message in page.messages {
            let sender = names.of(&message.sender_id).await;
            let room = rooms.get(&message.room_id).map_or("", String::as_str);
            let line = if json {
                as_json(&message, &sender, room)
            } else {
                let about = names.about(&message).await;
                as_text(&message, &sender, about.as_deref(), room)
            };
            if writeln!(io::stdout(), "{line}").is_err() {
                return Ok(());
            }
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    Ok(())
}

async fn list(client: &Client, json: bool) -> Result<(), Problem> {
    let mut names = Names::new(client);
    for summary in own_rooms(client).await? {
        let room = summary.room.unwrap_or_default();
        let name = names.room(&room).await;
        let line = if json {
            json!({
                "id": room.id,
                "kind": room.kind().as_str_name(),
                "name": name,
                "topic": room.topic,
                "members": room.member_count,
                "head_seq": room.head_seq,
                "read_seq": summary.read_seq,
                "unread": summary.unread_count,
                "unread_more": summary.unread_more,
            })
            .to_string()
        } else {
            let more = if summary.unread_more { "+" } else { "" };
            format!("{}  {:>5}{more} unread  {}", room.id, summary.unread_count, name)
        };
        if writeln!(io::stdout(), "{line}").is_err() {
            return Ok(());
        }
    }
    Ok(())
}
