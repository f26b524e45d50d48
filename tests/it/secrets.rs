//! Answers that carry something secret may not be kept by any cache.

use std::collections::{BTreeMap, BTreeSet};

use causerie_client::{
    Error,
    client::authorized,
    v1::{
        self, admin_service_client::AdminServiceClient, auth_service_client::AuthServiceClient,
        chat_service_client::ChatServiceClient, file_service_client::FileServiceClient,
        room_service_client::RoomServiceClient,
    },
};
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet};
use tonic::Response;

use crate::support::{Person, Server, files::bytes, on_both_databases, people::PASSWORD};

/// The unary RPCs whose answers carry a token, a link or a code.
const SECRET: [&str; 8] = [
    "CreateDownloadLinks",
    "CreateInvite",
    "CreateRecoveryLink",
    "ListInvites",
    "Login",
    "RecoverAccount",
    "RefreshSession",
    "Register",
];

fn is_secret(field: &str) -> bool {
    let ends = ["token", "secret", "code", "path", "link", "url", "password"];
    ends.iter().any(|end| field.ends_with(end)) && !field.ends_with("page_token")
}

/// Whether a message has a secret field, at any depth.
fn has_secret<'a>(
    name: &'a str,
    messages: &'a BTreeMap<String, &DescriptorProto>,
    seen: &mut BTreeSet<&'a str>,
) -> bool {
    let Some(message) = messages.get(name).filter(|_| seen.insert(name)) else { return false };
    message.field.iter().any(|field| {
        if field.type_name().is_empty() {
            is_secret(field.name())
        } else {
            has_secret(field.type_name(), messages, seen)
        }
    })
}

#[test]
fn the_answers_with_secrets_are_those_that_are_tested_here() {
    let set = FileDescriptorSet::decode(causerie::wire::DESCRIPTORS).expect("descriptors");
    let messages = set.file.iter().flat_map(|file| {
        let name = |message: &DescriptorProto| format!(".{}.{}", file.package(), message.name());
        file.message_type.iter().map(move |message| (name(message), message))
    });
    let messages = messages.collect();
    let methods = set.file.iter().flat_map(|file| &file.service).flat_map(|it| &it.method);
    let mut found: Vec<_> = methods
        .filter(|method| !method.server_streaming())
        .filter(|method| has_secret(method.output_type(), &messages, &mut BTreeSet::new()))
        .map(|method| method.name().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, SECRET);
}

fn not_cached<T>(what: &str, answer: Result<Response<T>, tonic::Status>) -> T {
    let answer = answer.unwrap_or_else(|status| panic!("{what}: {:?}", Error::from(status)));
    let header = answer.metadata().get("cache-control").map(|value| value.to_str().expect("text"));
    let header = header.unwrap_or_else(|| panic!("{what} has no cache-control"));
    assert!(header.split(", ").any(|directive| directive == "no-store"), "{what}: {header}");
    answer.into_inner()
}

on_both_databases! {
    async fn what_carries_a_token_a_link_or_a_code_is_not_to_be_stored(database: Database) {
        let server = Server::start(database).await;
        let ada = Person::register(&server.url, "ada").await;
        let room = ada.create_room("Room").await;
        let file = ada.client.upload("a.txt", &bytes(1, 100)).await.expect("a file").id;
        let channel = || ada.client.channel();

        let mut auth = AuthServiceClient::new(channel());
        let registration = v1::RegisterRequest {
            username: "bob".into(),
            password: PASSWORD.into(),
            ..Default::default()
        };
        not_cached("Register", auth.register(registration).await);
        let login = v1::LoginRequest {
            login: "bob".into(),
            password: PASSWORD.into(),
            ..Default::default()
        };
        let session = not_cached("Login", auth.login(login).await).session.expect("a session");
        let refresh = v1::RefreshSessionRequest { refresh_token: session.refresh_token };
        not_cached("RefreshSession", auth.refresh_session(refresh).await);
        let logout = authorized(v1::LogoutRequest {}, &session.access_token).expect("a token");
        not_cached("Logout", auth.logout(logout).await);

        let token = ada.client.access_token().await.expect("a token");
        let mut admin = AdminServiceClient::new(channel());
        let link = v1::CreateRecoveryLinkRequest { user_id: ada.user.id.clone() };
        let link = authorized(link, &token).expect("a token");
        let link = not_cached("CreateRecoveryLink", admin.create_recovery_link(link).await);
        let recovery = v1::RecoverAccountRequest {
            token: link.token,
            new_password: "another-violet-anchor-8".into(),
            ..Default::default()
        };
        let answer = not_cached("RecoverAccount", auth.recover_account(recovery).await);
        let token = answer.session.expect("a session").access_token;
        let mut rooms = RoomServiceClient::new(channel());
        let create = v1::CreateInviteRequest { room_id: room.clone(), ..Default::default() };
        let create = authorized(create, &token).expect("a token");
        not_cached("CreateInvite", rooms.create_invite(create).await);
        let list = v1::ListInvitesRequest { room_id: room.clone() };
        let list = authorized(list, &token).expect("a token");
        assert_eq!(not_cached("ListInvites", rooms.list_invites(list).await).invites.len(), 1);

        let links = v1::CreateDownloadLinksRequest { file_ids: vec![file], ..Default::default() };
        let links = authorized(links, &token).expect("a token");
        let mut files = FileServiceClient::new(channel());
        let links = not_cached("CreateDownloadLinks", files.create_download_links(links).await);
        assert_eq!(links.links.len(), 1);

        let mut chat = ChatServiceClient::new(channel());
        let subscribe = authorized(v1::SubscribeRequest::default(), &token).expect("a token");
        let mut events = not_cached("Subscribe", chat.subscribe(subscribe).await);
        let ready = events.message().await.expect("a response").expect("an event").events;
        let Some(v1::event::Kind::Ready(ready)) = ready.into_iter().find_map(|event| event.kind)
        else {
            panic!("a stream begins with ready")
        };
        let renew = v1::RenewTokenRequest {
            connection_id: ready.connection_id,
            access_token: token.clone(),
        };
        let renew = authorized(renew, &token).expect("a token");
        not_cached("RenewToken", chat.renew_token(renew).await);
        server.end().await;
    }
}
