//! Tests of `framing.rs`. Whatever the chunks in which bytes arrive, they lead to the
//! same.

use super::*;

/// Adds bytes in chunks of each size; returns whether they end within a head, and how
/// many heads have ended if they come one by one.
fn follow(bytes: &[u8]) -> (bool, usize) {
    let mut outcomes = Vec::new();
    for size in 1..=bytes.len() {
        let mut framing = Framing::default();
        let mut ended = 0;
        let mut in_head = true;
        for chunk in bytes.chunks(size) {
            let progress = framing.add(chunk);
            ended += usize::from(progress.head_ended);
            in_head = progress.in_head;
        }
        outcomes.push((in_head, ended));
    }
    let (in_head, ended) = outcomes[0];
    assert!(outcomes.iter().all(|(it, _)| *it == in_head), "{:?}", bytes.escape_ascii());
    assert!(outcomes.iter().all(|(_, some)| (*some > 0) == (ended > 0)));
    (in_head, ended)
}

#[test]
fn requests_of_http_1_end_where_their_bodies_do() {
    let get = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".as_slice();
    let post = b"POST / HTTP/1.1\r\nContent-Length:  5 \r\n\r\na\n\r\n\r";
    let chunked = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
        5;a=b\r\na\n\r\n\r\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
    let long = [b"GET / HTTP/1.1\r\nx: ", [b'a'; 500].as_slice(), b"\r\n\r\n"].concat();
    let bare = b"\r\nPRO / HTTP/1.1\nhost: a\n\n";
    let mut all = Vec::new();
    for (n, request) in [get, post, chunked, &long, bare].into_iter().enumerate() {
        assert_eq!(follow(request), (false, 1), "{}", request.escape_ascii());
        all.extend_from_slice(request);
        assert_eq!(follow(&all), (false, n + 1));
        // What follows is the beginning of another.
        for next in ["P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost"] {
            let more = [&all, next.as_bytes()].concat();
            assert_eq!(follow(&more), (true, n + 1), "{next:?}");
        }
        assert!(!follow(&[&all, b"\r\n".as_slice()].concat()).0, "no request yet");
    }
    // Within a body there is no head.
    for part in 1..=5 {
        assert!(!follow(&post[..post.len() - part]).0, "{part}");
    }
}

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
}

#[test]
fn heads_of_http_2_end_with_their_last_frame() {
    let settings = frame(4, 0, &[0; 6]);
    let headers = |flags| frame(1, flags, b"some headers");
    let continuation = |flags| frame(9, flags, b"more of them");
    let data = frame(0, 1, b"a body");
    let ping = frame(6, 0, &[7; 8]);
    let joined = |frames: &[&[u8]]| [&[PREFACE], frames].concat().concat();
    for (frames, expected) in [
        (vec![], (false, 0)),
        (vec![settings.clone()], (false, 0)),
        (vec![settings.clone(), headers(4)], (false, 1)),
        (vec![settings.clone(), headers(0)], (true, 0)),
        (vec![headers(0), continuation(0), continuation(0)], (true, 0)),
        (vec![headers(0), continuation(0), continuation(4)], (false, 1)),
        (vec![headers(5), data.clone(), ping, headers(4)], (false, 2)),
        (vec![headers(4), headers(4)[..15].to_vec()], (true, 1)),
        (vec![headers(4), data[..3].to_vec()], (true, 1)),
        // A message may be on its way for longer.
        (vec![headers(4), data[..12].to_vec()], (false, 1)),
        (vec![headers(4), frame(4, 1, b""), frame(1, 4, b"")], (false, 2)),
    ] {
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        assert_eq!(follow(&joined(&frames)), expected, "{frames:?}");
    }
    assert_eq!(follow(&PREFACE[..10]), (true, 0));
}
