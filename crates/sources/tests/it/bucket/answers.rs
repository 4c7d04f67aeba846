//! What a bucket answers instead of an object, told as what it means.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sheaf_registry::Code;
use sheaf_registry::file_store::{FileStore as _, Found, find};

use super::{ROOT, store_at, surroundings};

/// Answers every question, as long as it is asked, with a status and, where a body may be, one.
fn answering(reply: impl Fn(&str) -> (u16, String) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for line in listener.incoming().flatten() {
            // A line that breaks has no more questions.
            let _ = answer(line, &reply);
        }
    });
    port
}

fn answer(mut line: TcpStream, reply: &dyn Fn(&str) -> (u16, String)) -> std::io::Result<()> {
    let mut asked = BufReader::new(line.try_clone()?);
    let mut question = String::new();
    while !question.ends_with("\r\n\r\n") && asked.read_line(&mut question)? > 0 {}
    let (status, body) = reply(question.lines().next().unwrap_or_default());
    let (length, body) = (body.len(), if question.starts_with("HEAD") { "" } else { &body });
    let about = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nETag: \"x\"\r\nConnection: close";
    write!(line, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{about}\r\n\r\n{body}")
}

#[test]
fn each_answer_without_an_object_is_told_as_what_it_means() {
    let keys = surroundings(&[("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "hush")], None);
    let table = [
        (404, "NoSuchKey", Code::SourceMissing, "no such object"),
        (404, "NoSuchBucket", Code::RootMissing, "There is no bucket"),
        (301, "PermanentRedirect", Code::RootMissing, "another region"),
        (400, "AuthorizationHeaderMalformed", Code::RootMissing, "another region"),
        (400, "KeyTooLongError", Code::SourceUnreadable, "key as long"),
        (400, "ExpiredToken", Code::SourceUnreadable, "expired"),
        (400, "Other", Code::RootMissing, "answers with an error (400)"),
        (403, "RequestTimeTooSkewed", Code::SourceUnreadable, "clock"),
        (403, "SignatureDoesNotMatch", Code::SourceUnreadable, "credentials"),
        (501, "NotImplemented", Code::RootMissing, "answers with an error (501)"),
    ];
    for (status, code, expected, words) in table {
        let body = format!("<Error><Code>{code}</Code><Message>hush</Message></Error>");
        let port = answering(move |_| (status, body.clone()));
        let address = format!("s3://scans?endpoint=http://127.0.0.1:{port}");
        let error = store_at("", &address, &keys).stat(ROOT, "a.stl").expect_err("nothing is there");
        assert_eq!(error.code, expected, "{status} {code}: {error}");
        assert!(error.message.contains(words), "{status} {code}: {error}");
        assert!(!error.message.contains("hush"), "{status} {code}: the server's words are not repeated: {error}");
    }
}

#[test]
fn a_bucket_that_is_gone_in_the_middle_is_not_asked_for_each_file_that_is_left() {
    let asked = Arc::new(AtomicUsize::new(0));
    let asking = Arc::clone(&asked);
    let port = answering(move |_| {
        asking.fetch_add(1, Ordering::SeqCst);
        (404, "<Error><Code>NoSuchBucket</Code></Error>".to_owned())
    });
    let store = store_at("", &format!("s3://scans?endpoint=http://127.0.0.1:{port}"), &surroundings(&[], None));
    let open = |path: &str| store.open(ROOT, path, 0).map(drop).expect_err("nothing is there");
    assert_eq!(open("a.stl").code, Code::RootMissing);
    let first = asked.load(Ordering::SeqCst);
    store.expect(ROOT, "b.stl", 5);
    for path in ["b.stl", "c.stl", "d.stl"] {
        assert_eq!(open(path).code, Code::RootMissing, "{path}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), first, "it is known by then");
}

#[test]
fn an_object_that_stands_for_a_folder_is_no_file() {
    let object = |key: &str, size: u64| {
        let about =
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>x</ETag><StorageClass>STANDARD</StorageClass>";
        format!("<Contents><Key>{key}</Key><Size>{size}</Size>{about}</Contents>")
    };
    let keys = [("dcm_7/", 0), ("dcm_7/marked/", 0), ("dcm_7/empty", 0), ("dcm_7/a.dcm", 5)];
    let objects: String = keys.iter().map(|(key, size)| object(key, *size)).collect();
    let listing =
        format!("<ListBucketResult><Name>scans</Name><IsTruncated>false</IsTruncated>{objects}</ListBucketResult>");
    let missing = "<Error><Code>NoSuchKey</Code></Error>".to_owned();
    let port = answering(move |question| match question {
        listed if listed.contains("list-type=2") => (200, listing.clone()),
        there if there.contains("/dcm_7/empty ") => (200, String::new()),
        _ => (404, missing.clone()),
    });
    let store = store_at("", &format!("s3://scans?endpoint=http://127.0.0.1:{port}"), &surroundings(&[], None));
    let files = store.list(ROOT, "dcm_7").expect("a prefix");
    let found: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
    assert_eq!(found, [("dcm_7/a.dcm", 5), ("dcm_7/empty", 0)], "what is empty and there is a file");
    assert_eq!(find(&store, ROOT, "dcm_7").expect("a prefix"), Found::Folder(files), "there is no object of its name");
}
