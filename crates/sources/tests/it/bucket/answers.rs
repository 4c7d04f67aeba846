//! What a bucket answers instead of an object, told as what it means.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use sheaf_registry::Code;
use sheaf_registry::file_store::FileStore as _;

use super::{ROOT, store_at, surroundings};

/// Answers every question in one way, as long as it is asked: with a status and, where a body may be, the code of S3.
fn answering(status: u16, code: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for line in listener.incoming().flatten() {
            // A line that breaks has no more questions.
            let _ = answer(line, status, code);
        }
    });
    port
}

fn answer(mut line: TcpStream, status: u16, code: &str) -> std::io::Result<()> {
    let mut asked = BufReader::new(line.try_clone()?);
    let mut question = String::new();
    while !question.ends_with("\r\n\r\n") && asked.read_line(&mut question)? > 0 {}
    let body = format!("<Error><Code>{code}</Code><Message>hush</Message></Error>");
    let body = if question.starts_with("HEAD") { "" } else { &body };
    write!(line, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn each_answer_without_an_object_is_told_as_what_it_means() {
    let keys = surroundings(&[("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "hush")], None);
    let table = [
        (404, "NoSuchKey", Code::SourceMissing, "no such object"),
        (404, "NoSuchBucket", Code::RootMissing, "There is no bucket"),
        (301, "PermanentRedirect", Code::RootMissing, "another region"),
        (400, "AuthorizationHeaderMalformed", Code::RootMissing, "another region"),
        (400, "ExpiredToken", Code::SourceUnreadable, "expired"),
        (400, "Other", Code::RootMissing, "answers with an error (400)"),
        (403, "RequestTimeTooSkewed", Code::SourceUnreadable, "clock"),
        (403, "SignatureDoesNotMatch", Code::SourceUnreadable, "credentials"),
        (501, "NotImplemented", Code::RootMissing, "answers with an error (501)"),
    ];
    for (status, code, expected, words) in table {
        let address = format!("s3://scans?endpoint=http://127.0.0.1:{}", answering(status, code));
        let error = store_at("", &address, &keys).stat(ROOT, "a.stl").expect_err("nothing is there");
        assert_eq!(error.code, expected, "{status} {code}: {error}");
        assert!(error.message.contains(words), "{status} {code}: {error}");
        assert!(!error.message.contains("hush"), "{status} {code}: the server's words are not repeated: {error}");
    }
}
