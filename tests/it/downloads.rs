//! Images and their forms, photos and pictures, and downloads over HTTP.

use std::time::{Duration, SystemTime};

use causerie_client::{
    Error,
    v1::{self, FileVariant},
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tonic::Code;

use crate::support::{
    Person, Server,
    files::{bytes, growing_gif, png, stored},
    on_both_databases,
    people::reason,
    within,
};

const WHOLE: FileVariant = FileVariant::Unspecified;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

async fn ask(
    server: &Server,
    path: &str,
    method: Method,
    with: &[(header::HeaderName, &str)],
) -> Answer {
    let client: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(format!("{}{path}", server.url));
    for (name, value) in with {
        request = request.header(name, *value);
    }
    let answer = client.request(request.body(Empty::new()).expect("a request")).await;
    let (head, body) = answer.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes().to_vec();
    Answer { status: head.status, headers: head.headers, body }
}

async fn get(server: &Server, path: &str) -> Answer {
    ask(server, path, Method::GET, &[]).await
}

async fn link(person: &Person, id: &str, variant: FileVariant) -> String {
    person.links(&[id], variant).await.pop().expect("a link")
}

/// Lets an image show a person, or a room; the id of what shows it then.
async fn show(person: &Person, room: Option<&str>, image: &str) -> Result<String, Error> {
    let image = Some(image.to_owned());
    let Some(room_id) = room.map(str::to_owned) else {
        let request = v1::UpdateProfileRequest { avatar_file_id: image, ..Default::default() };
        return Ok(person
            .client
            .update_profile(request)
            .await?
            .user
            .expect("a user")
            .avatar_file_id);
    };
    let request = v1::UpdateRoomRequest { room_id, avatar_file_id: image, ..Default::default() };
    Ok(person.client.update_room(request).await?.room.expect("a room").avatar_file_id)
}

fn size(bytes: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(bytes).expect("an image");
    (image.width(), image.height())
}

on_both_databases! {
    async fn an_image_comes_in_three_sizes(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let file = ada.upload("wide.png", &png(1_600, 400)).await;
        assert_eq!(file.content_type, "image/png");
        assert_eq!(file.image, Some(v1::ImageInfo { width: 1_600, height: 400 }));
        for (variant, wanted) in [
            (WHOLE, (1_600, 400)),
            (FileVariant::Large, (1_280, 320)),
            (FileVariant::Small, (320, 80)),
        ] {
            let found = ada.download(&file.id, variant).await.expect("bytes");
            assert_eq!(size(&found), wanted);
            assert_eq!(get(&server, &link(&ada, &file.id, variant).await).await.body, found);
        }
        // Kept by who reads it for as long as the link is good, and not longer.
        let cached = get(&server, &link(&ada, &file.id, WHOLE).await).await.headers;
        let cached = cached[header::CACHE_CONTROL].to_str().expect("text").to_owned();
        let age = cached.strip_prefix("private, max-age=").and_then(|it| it.strip_suffix(", immutable"));
        let age: u64 = age.expect("an age").parse().expect("a number");
        assert!((1..=86_400).contains(&age), "{cached}");
        let note = ada.upload("note.txt", b"a note").await;
        let refused = (Code::FailedPrecondition, "NOT_AN_IMAGE".to_owned());
        assert_eq!(reason(ada.download(&note.id, FileVariant::Small).await), refused);
        let links = ada.links(&[&note.id, &file.id], FileVariant::Small).await;
        assert_eq!(links.len(), 1, "only of what has a thumbnail");
        // A name says nothing of what a file is.
        let page = ada.upload("page.png", b"<!DOCTYPE html><script>alert(1)</script>").await;
        assert_eq!((page.content_type.as_str(), page.image), ("text/html", None));
        server.end().await;
    }

    async fn a_link_serves_ranges_and_runs_nothing(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let data = bytes(11, 300_000);
        let file = ada.upload("gr\u{fc}\u{df}e \"1\".bin", &data).await;
        let path = link(&ada, &file.id, WHOLE).await;
        assert_eq!(link(&ada, &file.id, WHOLE).await, path, "one link, one place in a cache");
        let whole = get(&server, &path).await;
        assert_eq!((whole.status, whole.body.len()), (StatusCode::OK, 300_000));
        assert!(whole.body == data);
        for (name, wanted) in [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_LENGTH, "300000"),
            (header::ACCEPT_RANGES, "bytes"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONTENT_DISPOSITION, "attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe%20%221%22.bin"),
        ] {
            assert_eq!(whole.header(name), wanted);
        }
        let policy = whole.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("sandbox") && policy.contains("frame-ancestors 'none'"), "{policy}");

        let range = async |asked: &str| ask(&server, &path, Method::GET, &[(header::RANGE, asked)]).await;
        for (asked, part, of) in [
            ("bytes=0-9", &data[..10], "bytes 0-9/300000"),
            ("bytes=299990-", &data[299_990..], "bytes 299990-299999/300000"),
            ("bytes=-5", &data[299_995..], "bytes 299995-299999/300000"),
        ] {
            let answer = range(asked).await;
            assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT);
            assert_eq!((answer.body.as_slice(), answer.header(header::CONTENT_RANGE)), (part, of));
        }
        let beyond = range("bytes=300000-").await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(beyond.header(header::CONTENT_RANGE), "bytes */300000");
        assert_eq!(range("bytes=0-1,5-6").await.status, StatusCode::OK);
        let other = [(header::RANGE, "bytes=0-9"), (header::IF_RANGE, "\"other\"")];
        assert_eq!(ask(&server, &path, Method::GET, &other).await.status, StatusCode::OK);
        let tag = whole.header(header::ETAG).to_owned();
        for method in [Method::GET, Method::HEAD] {
            let known = ask(&server, &path, method, &[(header::IF_NONE_MATCH, &tag)]).await;
            assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert!(!known.headers.contains_key(header::CONTENT_LENGTH), "not the file's");
        }
        let head = ask(&server, &path, Method::HEAD, &[]).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header(header::CONTENT_LENGTH), "300000");

        // An HTML page under the name of an image is saved, not shown.
        let page = ada.upload("page.png", b"<!DOCTYPE html><script>alert(1)</script>").await;
        let page = get(&server, &link(&ada, &page.id, WHOLE).await).await;
        assert_eq!(page.header(header::CONTENT_TYPE), "application/octet-stream");
        assert!(page.header(header::CONTENT_DISPOSITION).starts_with("attachment;"));
        let image = ada.upload("a.png", &png(9, 9)).await;
        let image = get(&server, &link(&ada, &image.id, WHOLE).await).await;
        assert_eq!(image.header(header::CONTENT_TYPE), "image/png");
        assert!(image.header(header::CONTENT_DISPOSITION).starts_with("inline;"));
        // A thumbnail may be of another kind than its image, and is named by that.
        let moving = ada.upload("b.gif", &growing_gif(9, 2)).await;
        for (variant, name) in [(WHOLE, "b.gif"), (FileVariant::Small, "b.png")] {
            let answer = get(&server, &link(&ada, &moving.id, variant).await).await;
            let disposition = answer.header(header::CONTENT_DISPOSITION);
            assert_eq!(disposition, format!("inline; filename*=UTF-8''{name}"));
        }
        server.end().await;
    }

    async fn a_link_works_for_its_file_and_its_time_only(database: Database) {
        let mut server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let (one, other) = (ada.upload("1", b"one").await, ada.upload("2", b"two").await);
        let path = link(&ada, &one.id, WHOLE).await;
        assert_eq!(get(&server, &path).await.body, b"one");
        let access = ada.client.access_token().await.expect("a token");
        for bad in [
            format!("/files/{}", one.id),
            format!("/files/{}?token=", one.id),
            format!("/files/{}?token={access}", one.id),
            path.replace(&one.id, &other.id),
            path.replace(&one.id, "x"),
            path[..path.len() - 2].to_owned(),
            path.replace(&one.id, "..%2f..%2fcauserie.db"),
        ] {
            let answer = get(&server, &bad).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
            assert!(!answer.body.starts_with(b"one"));
        }
        let post = ask(&server, &path, Method::POST, &[]).await;
        assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
        // A short one, to the moment that was said.
        let usual = std::mem::replace(&mut server.config.files.link_ms, 1_000);
        server.restart().await;
        assert_eq!(get(&server, &path).await.body, b"one", "what was made before works on");
        let request = v1::CreateDownloadLinksRequest { file_ids: vec![one.id.clone()], variant: 0 };
        let short = ada.client.create_download_links(request).await.expect("links").links.remove(0);
        let until = SystemTime::try_from(short.expires_at.expect("a time")).expect("a time");
        let mut ticks = tokio::time::interval(Duration::from_millis(1));
        within("the link to expire", async {
            while SystemTime::now() < until {
                ticks.tick().await;
            }
        })
        .await;
        assert_eq!(get(&server, &short.path).await.status, StatusCode::GONE);
        server.config.files.link_ms = usual;
        server.restart().await;
        assert_eq!(get(&server, &link(&ada, &one.id, WHOLE).await).await.body, b"one", "a new one");
        server.end().await;
    }

    async fn a_photo_is_square_and_for_everybody(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let file = ada.upload("me.png", &png(900, 600)).await;
        let set = async |person: &Person, id: &str| {
            let request = v1::UpdateProfileRequest { avatar_file_id: Some(id.into()), ..Default::default() };
            Ok(person.client.update_profile(request).await?.user.expect("a user"))
        };
        let me = set(&ada, &file.id).await.expect("a photo");
        assert!(!me.avatar_file_id.is_empty() && me.avatar_file_id != file.id, "a file of its own");
        let request = v1::GetUserRequest { user_id: ada.user.id.clone() };
        let seen = bob.client.get_user(request).await.expect("a user").user.expect("a user");
        assert_eq!(seen, me);
        for (variant, side) in [(WHOLE, 512), (FileVariant::Large, 512), (FileVariant::Small, 128)] {
            assert_eq!(size(&bob.download(&me.avatar_file_id, variant).await.expect("everybody may")), (side, side));
        }
        assert_eq!(reason(bob.get_file(&file.id).await), (Code::NotFound, "FILE_NOT_FOUND".into()));
        let name = bob.get_file(&me.avatar_file_id).await.expect("everybody may").name;
        assert_eq!(name, "photo.jpg", "not the name of what was uploaded");
        // Members carry it too.
        let room = ada.create_room("Room").await;
        let request = v1::ListMembersRequest { room_id: room.clone(), ..Default::default() };
        let members = ada.client.list_members(request).await.expect("members").members;
        let listed = members[0].user.as_ref();
        assert_eq!(listed.expect("a user").avatar_file_id, me.avatar_file_id);

        let hidden = (Code::NotFound, "FILE_NOT_FOUND".to_owned());
        assert_eq!(reason::<v1::User>(set(&bob, &file.id).await), hidden, "not his file");
        assert_eq!(reason::<v1::User>(set(&bob, &me.avatar_file_id).await), hidden, "nor his photo");
        let note = ada.upload("note.txt", b"a note").await;
        let refused = (Code::FailedPrecondition, "NOT_AN_IMAGE".to_owned());
        assert_eq!(reason::<v1::User>(set(&ada, &note.id).await), refused);
        let request = v1::UpdateProfileRequest { bio: Some("hi".into()), ..Default::default() };
        let kept = ada.client.update_profile(request).await.expect("changed").user.expect("a user");
        assert_eq!(kept.avatar_file_id, me.avatar_file_id, "what is not set stays");
        assert_eq!(set(&ada, "").await.expect("taken away").avatar_file_id, "");
        server.end().await;
    }

    async fn a_photo_or_picture_goes_when_it_is_replaced_or_taken_away(database: Database) {
        let server = Server::start_with(database, |config| config.files.collect_every_ms = 20).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let file = ada.upload("me.png", &png(60, 60)).await;
        let mut raw = server.database().await;
        let gone = async |id: &str| {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            within("it to go", async {
                while stored(&server, &format!("files/{id}")) > 0 {
                    ticks.tick().await;
                }
            })
            .await;
            assert_eq!(reason(ada.get_file(id).await), (Code::NotFound, "FILE_NOT_FOUND".into()));
        };
        for room in [None, Some(room.as_str())] {
            let first = show(&ada, room, &file.id).await.expect("shown");
            let second = show(&ada, room, &file.id).await.expect("shown");
            gone(&first).await;
            // The collector finds the second in use, and looks at it no more.
            raw.execute("update files set check_us = 1 where kind <> 1".into()).await;
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            within("the collector to come by", async {
                while raw.count("select count(*) from files where kind <> 1 and check_us > 0").await > 0 {
                    ticks.tick().await;
                }
            })
            .await;
            assert_eq!(size(&ada.download(&second, FileVariant::Small).await.expect("it stays")), (60, 60));
            assert_eq!(show(&ada, room, "").await.expect("taken away"), "");
            gone(&second).await;
        }
        assert_eq!(stored(&server, "files"), 3, "the upload in its three forms");
        server.end().await;
    }

    async fn a_photo_or_picture_counts_against_the_quota(database: Database) {
        const QUOTA: usize = 1_000_000;
        let server = Server::start_with(database, |config| config.files.quota_bytes = QUOTA as u64).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let file = ada.upload("me.png", &png(60, 60)).await;
        let left = QUOTA - usize::try_from(file.size_bytes).expect("a size");
        let most = ada.start("most.bin", left - 10).await.expect("it fits");
        let before = stored(&server, "");
        for room in [None, Some(room.as_str())] {
            let full = (Code::ResourceExhausted, "QUOTA_REACHED".to_owned());
            assert_eq!(reason(show(&ada, room, &file.id).await), full);
        }
        assert_eq!(stored(&server, ""), before);
        ada.cancel(&most.id).await;
        let photo = show(&ada, None, &file.id).await.expect("now there is room");
        let taken = file.size_bytes + ada.get_file(&photo).await.expect("it").size_bytes;
        let left = QUOTA - usize::try_from(taken).expect("a size");
        assert!(ada.start("too much.bin", left + 1).await.is_err());
        ada.start("the rest.bin", left).await.expect("it fits");
        server.end().await;
    }

    async fn a_rooms_picture_is_for_who_may_know_of_the_room(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let bob = Person::register(&server.url, "bob").await;
        let public = ada.create_room("Public").await;
        let request = v1::CreateRoomRequest {
            name: "Private".into(),
            kind: v1::RoomKind::Private.into(),
            ..Default::default()
        };
        let private = ada.client.create_room(request).await.expect("a room").room.expect("a room").id;
        let file = ada.upload("room.png", &png(700, 800)).await;
        let set = async |person: &Person, room_id: &str, id: &str| {
            let avatar_file_id = Some(id.to_owned());
            let room_id = room_id.to_owned();
            let request = v1::UpdateRoomRequest { room_id, avatar_file_id, ..Default::default() };
            Ok(person.client.update_room(request).await?.room.expect("a room"))
        };
        bob.join(&public).await;
        let mut watching = bob.stream().await;
        let room = set(&ada, &public, &file.id).await.expect("a picture");
        let change = watching.change().await;
        assert_eq!(change.room.as_ref().map(|room| &room.avatar_file_id), Some(&room.avatar_file_id));
        assert_eq!(change.message, None, "it is not told in the history");
        assert_eq!(size(&bob.download(&room.avatar_file_id, WHOLE).await.expect("a member")), (512, 512));
        assert_eq!(bob.get_file(&room.avatar_file_id).await.expect("a member").name, "picture.jpg");
        let hidden = set(&ada, &private, &file.id).await.expect("a picture");
        assert_eq!(reason(bob.get_file(&hidden.avatar_file_id).await), (Code::NotFound, "FILE_NOT_FOUND".into()));
        bob.leave(&public).await;
        assert!(bob.get_file(&room.avatar_file_id).await.is_ok(), "the directory shows it");
        let browse = bob.client.browse_rooms(v1::BrowseRoomsRequest::default()).await.expect("rooms");
        let pictures: Vec<_> = browse.rooms.into_iter().filter_map(|r| r.room).map(|r| r.avatar_file_id).collect();
        assert!(pictures.contains(&room.avatar_file_id));

        assert_eq!(reason::<v1::Room>(set(&bob, &public, &file.id).await).1, "NOT_MEMBER");
        assert_eq!(reason::<v1::Room>(set(&bob, &private, &file.id).await).1, "ROOM_NOT_FOUND");
        bob.join(&public).await;
        assert_eq!(reason::<v1::Room>(set(&bob, &public, &file.id).await).1, "NOT_ADMIN");
        assert_eq!(set(&ada, &public, "").await.expect("taken away").avatar_file_id, "");
        server.end().await;
    }
}
