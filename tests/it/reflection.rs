//! Reflection: whoever has no protos can read every answer, errors too.

use std::collections::{BTreeSet, VecDeque};

use causerie_client::v1::{self, auth_service_client::AuthServiceClient};
use prost::Message as _;
use prost_types::FileDescriptorProto;
use tonic::transport::Channel;

use crate::support::{Database, Server, within};

/// Everything that may stand in the details of an error, and what its own
/// descriptors refer to.
const NAMES: [&str; 20] = [
    "google.rpc.Status",
    "google.rpc.ErrorInfo",
    "google.rpc.BadRequest",
    "google.rpc.BadRequest.FieldViolation",
    "google.rpc.RetryInfo",
    "google.rpc.DebugInfo",
    "google.rpc.QuotaFailure",
    "google.rpc.QuotaFailure.Violation",
    "google.rpc.PreconditionFailure",
    "google.rpc.PreconditionFailure.Violation",
    "google.rpc.RequestInfo",
    "google.rpc.ResourceInfo",
    "google.rpc.Help",
    "google.rpc.Help.Link",
    "google.rpc.LocalizedMessage",
    "google.protobuf.Any",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "causerie.v1.ChatService",
    "causerie.v1.Message",
];

enum Query {
    Symbol(String),
    File(String),
}

/// The two versions of the service differ in their package only.
macro_rules! lookup {
    ($lookup:ident, $version:ident) => {
        /// The files that the service names, or the code with which it refuses.
        async fn $lookup(channel: &Channel, query: Query) -> Result<Vec<Vec<u8>>, i32> {
            use tonic_reflection::pb::$version::{
                ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
                server_reflection_request::MessageRequest,
                server_reflection_response::MessageResponse,
            };
            let query = match query {
                Query::Symbol(name) => MessageRequest::FileContainingSymbol(name),
                Query::File(name) => MessageRequest::FileByFilename(name),
            };
            let request =
                ServerReflectionRequest { host: String::new(), message_request: Some(query) };
            let mut client = ServerReflectionClient::new(channel.clone());
            let answers = client.server_reflection_info(tokio_stream::once(request)).await;
            let answer = match answers.map(tonic::Response::into_inner) {
                Ok(mut answers) => within("an answer", answers.message()).await,
                Err(status) => Err(status),
            };
            match answer {
                Ok(answer) => match answer.and_then(|answer| answer.message_response) {
                    Some(MessageResponse::FileDescriptorResponse(found)) => {
                        Ok(found.file_descriptor_proto)
                    }
                    Some(MessageResponse::ErrorResponse(error)) => Err(error.error_code),
                    other => panic!("another answer: {other:?}"),
                },
                Err(status) => Err(status.code().into()),
            }
        }
    };
}
lookup!(lookup_v1, v1);
lookup!(lookup_v1alpha, v1alpha);

/// Resolves a name as grpcurl does: its file, then all that this imports.
async fn resolve(
    channel: &Channel,
    name: &str,
    lookup: impl AsyncFn(&Channel, Query) -> Result<Vec<Vec<u8>>, i32>,
) {
    let mut queries = VecDeque::from([Query::Symbol(name.to_owned())]);
    let mut files = BTreeSet::new();
    let mut symbols = BTreeSet::new();
    while let Some(query) = queries.pop_front() {
        let found = lookup(channel, query).await;
        let found = found.unwrap_or_else(|code| panic!("{name}: refused with {code}"));
        assert!(!found.is_empty(), "{name}: no file");
        for bytes in found {
            let file = FileDescriptorProto::decode(bytes.as_slice()).expect("a descriptor");
            symbols.extend(defined(&file));
            if files.insert(file.name().to_owned()) {
                queries.extend(file.dependency.into_iter().map(Query::File));
            }
        }
    }
    assert!(symbols.contains(name), "{name} is not in {files:?}");
}

/// The full names of a file's messages, of those within them, and services.
fn defined(file: &FileDescriptorProto) -> Vec<String> {
    let within = |message: &prost_types::DescriptorProto| {
        let nested = message.nested_type.iter();
        let nested = nested.map(|nested| format!("{}.{}", message.name(), nested.name()));
        nested.chain([message.name().to_owned()]).collect::<Vec<_>>()
    };
    let services = file.service.iter().map(|service| service.name().to_owned());
    let names = file.message_type.iter().flat_map(within).chain(services);
    names.map(|name| format!("{}.{name}", file.package())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_details_of_errors_can_be_resolved_by_name() {
    let server = Server::start(Database::Sqlite).await;
    let endpoint = tonic::transport::Endpoint::from_shared(server.url.clone()).expect("a URL");
    let channel = endpoint.connect().await.expect("a connection");
    for name in NAMES {
        resolve(&channel, name, lookup_v1).await;
        resolve(&channel, name, lookup_v1alpha).await;
    }
    let unknown = || Query::Symbol("google.rpc.Nothing".into());
    assert_eq!(lookup_v1(&channel, unknown()).await, Err(tonic::Code::NotFound.into()));
    assert_eq!(lookup_v1alpha(&channel, unknown()).await, Err(tonic::Code::NotFound.into()));

    // What a refused call really carries.
    let refused = AuthServiceClient::new(channel.clone()).login(v1::LoginRequest::default()).await;
    let status = refused.expect_err("nobody is signed in without a name");
    let status = tonic_types::Status::decode(status.details()).expect("details");
    let types: Vec<_> =
        status.details.iter().filter_map(|any| any.type_url.rsplit('/').next()).collect();
    assert_eq!(types, ["google.rpc.ErrorInfo", "google.rpc.BadRequest"]);
    for name in types {
        resolve(&channel, name, lookup_v1).await;
    }
    server.end().await;
}
