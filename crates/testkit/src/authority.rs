//! Certificates of an authority that nobody knows, made with `openssl`.

use std::path::Path;
use std::process::Command;

/// Makes an authority, `{name}-ca.pem`, and a certificate of its for these names, `{name}.pem` and `{name}.key`.
///
/// # Panics
/// Where `openssl` does not run; `make setup` brings it.
pub fn certificate(dir: &Path, name: &str, of: &str) {
    let run = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().expect("openssl runs");
        assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    run(&format!("req -x509 {key} -keyout {name}-ca.key -out {name}-ca.pem -days 2 -subj /CN=Authority"));
    run(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN=server"));
    std::fs::write(dir.join("names"), format!("subjectAltName={of}")).expect("writable");
    run(&format!(
        "x509 -req -in {name}.csr -CA {name}-ca.pem -CAkey {name}-ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
    ));
}
