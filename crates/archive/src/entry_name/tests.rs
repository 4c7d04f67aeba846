use proptest::prelude::*;
use sheaf_registry::Code;
use sheaf_registry::text::fold;

use super::component::{fault, numbered};
use super::{ArchiveName, EntryName, MAX_COMPONENT_BYTES, UniqueNames, sanitise, split_extension};

/// What a hostile or careless registry may call a file, and what becomes of it.
const HOSTILE: &[(&str, &str)] = &[
    // Nothing, and places.
    ("", "_"),
    (".", "_"),
    ("..", "_"),
    ("...", "_"),
    ("....", "_"),
    (" ", "_"),
    ("   ", "_"),
    (". .", "_"),
    (" . ", "_"),
    ("../", ".._"),
    ("../../etc/passwd", ".._.._etc_passwd"),
    ("..\\..\\boot.ini", ".._.._boot.ini"),
    ("..\u{200b}", "_"),
    (".\u{200d}.", "_"),
    ("/", "_"),
    ("//", "__"),
    ("\\", "_"),
    ("\\\\", "__"),
    ("/etc/hosts", "_etc_hosts"),
    ("a/b", "a_b"),
    ("a//b", "a__b"),
    ("a/./b", "a_._b"),
    ("a/../b", "a_.._b"),
    ("a\\b", "a_b"),
    ("./a", "._a"),
    ("~/a", "~_a"),
    // Drives, shares, devices, streams.
    ("C:", "C_"),
    ("C:\\", "C__"),
    ("C:a.stl", "C_a.stl"),
    ("c:/windows/system32", "c__windows_system32"),
    ("\\\\server\\share\\a", "__server_share_a"),
    ("//server/share/a", "__server_share_a"),
    ("\\\\?\\C:\\a", "____C__a"),
    ("\\\\.\\COM1", "__._COM1"),
    ("\\??\\C:\\a", "____C__a"),
    ("a.stl:stream", "a.stl_stream"),
    ("a.stl::$DATA", "a.stl__$DATA"),
    ("file:///etc/passwd", "file____etc_passwd"),
    ("http://example.org/a", "http___example.org_a"),
    // Characters that Windows forbids.
    ("a*b", "a_b"),
    ("a?b", "a_b"),
    ("a\"b", "a_b"),
    ("a<b", "a_b"),
    ("a>b", "a_b"),
    ("a|b", "a_b"),
    ("<script>alert(1)</script>", "_script_alert(1)__script_"),
    ("*.*", "_._"),
    ("???", "___"),
    // Control characters.
    ("\0", "_"),
    ("a\0.stl", "a_.stl"),
    ("a.stl\0.exe", "a.stl_.exe"),
    ("\u{1}", "_"),
    ("a\u{7}b", "a_b"),
    ("a\u{8}b", "a_b"),
    ("a\tb", "a_b"),
    ("a\nb", "a_b"),
    ("a\rb", "a_b"),
    ("a\r\nb", "a__b"),
    ("a\u{b}b", "a_b"),
    ("a\u{c}b", "a_b"),
    ("\u{1b}[31mred", "_[31mred"),
    ("a\u{1f}b", "a_b"),
    ("a\u{7f}b", "a_b"),
    ("a\u{80}b", "a_b"),
    ("a\u{85}b", "a_b"),
    ("a\u{9f}b", "a_b"),
    ("a\n", "a_"),
    ("\na", "_a"),
    ("a\u{2028}b", "a_b"),
    ("a\u{2029}b", "a_b"),
    // What is not seen, or turns what is seen.
    ("a\u{ad}b", "ab"),
    ("a\u{34f}b", "ab"),
    ("a\u{61c}b", "ab"),
    ("a\u{115f}b", "ab"),
    ("a\u{180e}b", "ab"),
    ("a\u{200b}b", "ab"),
    ("a\u{200c}b", "ab"),
    ("a\u{200d}b", "ab"),
    ("a\u{200e}b", "ab"),
    ("a\u{200f}b", "ab"),
    ("a\u{202a}b", "ab"),
    ("a\u{202b}b", "ab"),
    ("a\u{202c}b", "ab"),
    ("a\u{202d}b", "ab"),
    ("photo\u{202e}gpj.exe", "photogpj.exe"),
    ("a\u{2060}b", "ab"),
    ("a\u{2066}b", "ab"),
    ("a\u{2067}b", "ab"),
    ("a\u{2068}b", "ab"),
    ("a\u{2069}b", "ab"),
    ("a\u{206a}b", "ab"),
    ("\u{feff}a", "a"),
    ("a\u{fff9}b", "ab"),
    ("a\u{3164}b", "ab"),
    ("a\u{ffa0}b", "ab"),
    ("a\u{fe0f}b", "ab"),
    ("a\u{e0041}b", "ab"),
    ("a\u{e000}b", "a_b"),
    ("a\u{f022}b", "a_b"),
    ("a\u{f8ff}b", "a_b"),
    ("a\u{10fffd}b", "a_b"),
    ("a\u{fffe}b", "a_b"),
    ("a\u{ffff}b", "a_b"),
    ("a\u{378}b", "a_b"),
    ("\u{200b}", "_"),
    ("\u{202e}", "_"),
    // Spaces and dots at the edges.
    (" a", "a"),
    ("a ", "a"),
    ("a.", "a"),
    ("a..", "a"),
    ("a. ", "a"),
    ("a .", "a"),
    ("a. .", "a"),
    ("a.stl.", "a.stl"),
    ("a.stl ", "a.stl"),
    ("a.stl. . .", "a.stl"),
    ("\u{a0}a\u{a0}", "a"),
    ("\u{3000}a\u{3000}", "a"),
    ("\u{2003}a.\u{2003}", "a"),
    ("a\u{200b} ", "a"),
    // Names that Windows reserves.
    ("CON", "_CON"),
    ("con", "_con"),
    ("Con", "_Con"),
    ("PRN", "_PRN"),
    ("AUX", "_AUX"),
    ("NUL", "_NUL"),
    ("nul.txt", "_nul.txt"),
    ("NUL.nii.gz", "_NUL.nii.gz"),
    ("CON.", "_CON"),
    ("CON ", "_CON"),
    ("CON .txt", "_CON .txt"),
    (" CON", "_CON"),
    ("CO\u{200b}N", "_CON"),
    ("CON\0", "CON_"),
    ("CON:", "CON_"),
    ("CONIN$", "_CONIN$"),
    ("conout$.txt", "_conout$.txt"),
    ("CLOCK$", "_CLOCK$"),
    ("CLOC\u{212a}$", "_CLOCK$"),
    ("COM0", "_COM0"),
    ("COM1", "_COM1"),
    ("com9.stl", "_com9.stl"),
    ("COM¹", "_COM¹"),
    ("COM².txt", "_COM².txt"),
    ("com³", "_com³"),
    ("LPT0", "_LPT0"),
    ("LPT1", "_LPT1"),
    ("lpt9.jpg", "_lpt9.jpg"),
    ("LPT¹", "_LPT¹"),
    ("LPT³.x", "_LPT³.x"),
    // Accents, in one form only; what looks alike but is not stays.
    ("e\u{301}.stl", "é.stl"),
    ("A\u{30a}ngstro\u{308}m", "Ångström"),
    ("\u{212b}", "Å"),
    ("\u{2126}", "Ω"),
    ("e\u{200d}\u{301}", "é"),
    ("\u{1100}\u{1161}", "가"),
    // Not hostile, only strange: stays as it is.
    ("COM10", "COM10"),
    ("COM", "COM"),
    ("CONSOLE", "CONSOLE"),
    ("xCON", "xCON"),
    ("con_1", "con_1"),
    (".hidden", ".hidden"),
    ("..hidden", "..hidden"),
    ("-rf", "-rf"),
    ("--help", "--help"),
    ("$(reboot)", "$(reboot)"),
    ("`id`", "`id`"),
    ("a;b", "a;b"),
    ("a&b", "a&b"),
    ("%2e%2e%2f", "%2e%2e%2f"),
    ("'; DROP TABLE x; --", "'; DROP TABLE x; --"),
    ("=1+1", "=1+1"),
    ("@SUM(A1)", "@SUM(A1)"),
    ("a b.stl", "a b.stl"),
    ("扫描.nii.gz", "扫描.nii.gz"),
    ("снимок.jpg", "снимок.jpg"),
    ("🦷.png", "🦷.png"),
    ("metadata.json", "metadata.json"),
    ("manifest-sha256.txt", "manifest-sha256.txt"),
];

#[test]
fn hostile_names_become_safe_ones() {
    assert!(HOSTILE.len() >= 150, "the table holds the promised 150 names, not {}", HOSTILE.len());
    for (hostile, safe) in HOSTILE {
        assert_eq!(EntryName::component(hostile).as_str(), *safe, "{hostile:?} must become a safe name, and just this one");
        assert_eq!(fault(safe, MAX_COMPONENT_BYTES), None, "{safe:?} must satisfy the check that reads it back");
    }
}

#[test]
fn what_was_hostile_is_refused_when_it_is_read_back() {
    for (hostile, safe) in HOSTILE.iter().filter(|(hostile, safe)| hostile != safe) {
        let inside = format!("top/{hostile}/a.stl");
        // A slash alone parts the name into components, which may each be safe; such a path is only judged alone.
        let parts_are_safe = hostile.split('/').all(|part| fault(part, MAX_COMPONENT_BYTES).is_none());
        if !parts_are_safe {
            let error = EntryName::parse(&inside).expect_err("a path that is not safe must not pass");
            assert_eq!(error.code(), Code::ArchiveInvalid, "{hostile:?} read back is a fault of the archive");
            assert!(!error.message().contains(['\0', '\n', '\u{1b}', '\u{202e}']), "a message is safe to print: {error}");
        }
        assert!(EntryName::parse(&format!("top/{safe}/a.stl")).is_ok(), "{safe:?} must pass");
    }
    for bad in ["/a", "a/", "a//b", "", "a/../b", "../a", "a/./b", "a\\b", "C:/a", "a/\u{202e}b", "a/b\0", "a/con.txt"] {
        assert!(EntryName::parse(bad).is_err(), "{bad:?} must not pass as a path");
    }
    let long = format!("top/{}", vec!["x".repeat(100); 6].join("/"));
    assert!(EntryName::parse(&long).is_err(), "a path without end must not pass");
    assert!(EntryName::parse(&format!("top/{}", "x".repeat(201))).is_err(), "a component of 201 bytes must not pass");
}

#[test]
fn long_names_keep_their_extension() {
    for (name, end) in [
        (format!("{}.nii.gz", "a".repeat(300)), ".nii.gz"),
        (format!("{}.stl", "é".repeat(300)), ".stl"),
        (format!("{}.dcm", "🦷".repeat(100)), ".dcm"),
        (format!("{}.NII.GZ", "扫".repeat(100)), ".NII.GZ"),
    ] {
        let safe = sanitise(&name, MAX_COMPONENT_BYTES);
        assert!(safe.len() <= 200 && safe.len() > 190, "{safe} is cut to the limit and not much below");
        assert!(safe.ends_with(end), "{safe} must keep {end}, so that programs open it");
    }
    let all_extension = sanitise(&format!("a.{}", "b".repeat(300)), MAX_COMPONENT_BYTES);
    assert_eq!(all_extension.len(), 200, "what is too long for an extension is cut like the rest");
    let bared = sanitise(&format!("CON{}x.stl", " ".repeat(300)), MAX_COMPONENT_BYTES);
    assert_eq!(bared, "_CON.stl", "a cut must not bare a reserved name");
}

#[test]
fn double_extensions_are_one() {
    for (name, parts) in [
        ("scan.nii.gz", ("scan", ".nii.gz")),
        ("scan.NII.GZ", ("scan", ".NII.GZ")),
        ("a.b.stl", ("a.b", ".stl")),
        ("a.tar.xz", ("a", ".tar.xz")),
        ("a.gz", ("a", ".gz")),
        (".gz", (".gz", "")),
        (".nii.gz", (".nii", ".gz")),
        ("a", ("a", "")),
        ("Dr. Who", ("Dr. Who", "")),
        ("1.2.840.10008", ("1.2.840", ".10008")),
    ] {
        assert_eq!(split_extension(name), parts, "{name} is parted where a person would");
    }
}

#[test]
fn equal_names_get_numbers_before_the_extension() {
    let mut names = UniqueNames::default();
    assert!(names.claim("scan.nii.gz"), "the first one keeps its name");
    assert!(!names.claim("SCAN.nii.GZ"), "Windows and macOS cannot tell these apart");
    assert_eq!(names.number("SCAN.nii.GZ", 200), "SCAN_2.nii.GZ", "the number stands before the whole extension");
    assert!(names.claim("scan_3.nii.gz"), "a name of its own is free");
    assert_eq!(names.number("scan.nii.gz", 200), "scan_4.nii.gz", "2 and 3 are taken");
    for (one, other) in [("straße", "STRASSE"), ("é", "e\u{301}"), ("ΣΑΣ", "σας"), ("ﬁ", "FI"), ("İ", "i̇"), ("ᾳ", "ΑΙ")]
    {
        assert_eq!(fold(one), fold(other), "{one} and {other} are one name to some file system");
    }
    assert_ne!(fold("ı"), fold("i"), "the dotless letter is another letter");
    let cut = numbered(&format!("{}.stl", "é".repeat(98)), 12, 200);
    assert!(cut.len() <= 200 && cut.ends_with("é_12.stl"), "{cut} makes room for its number between two letters");
}

#[test]
fn a_hundred_thousand_files_of_one_name_are_numbered_in_one_walk() {
    let mut names = UniqueNames::default();
    names.claim("a.stl");
    for number in 2..=100_000 {
        assert_eq!(names.number("a.stl", 200), format!("a_{number}.stl"), "numbers are given in order, without gaps");
    }
}

#[test]
fn an_archives_name_is_refused_with_a_better_one() {
    for good in ["export_2025-10-20_143022", "Étude", "Studie A (2)", "扫描", "a.b"] {
        let name = ArchiveName::new(good).expect("a good name is taken");
        assert_eq!((name.as_str(), name.file_name()), (good, format!("{good}.zip")), "and not changed");
    }
    assert_eq!(ArchiveName::new("e\u{301}").map(|name| name.to_string()).ok().as_deref(), Some("é"), "accents are composed");
    for (bad, why, better) in [
        ("", "empty", "export"),
        ("..", "dot", "export"),
        ("a/b", "`/`", "a_b"),
        ("../a", "`/`", "_a"),
        ("C:\\a", "`:`", "C__a"),
        ("nul", "Windows", "_nul"),
        ("a.", "dot", "a"),
        (" a", "space", "a"),
        (".a", "hides", "a"),
        ("-a", "option", "a"),
        ("a.zip", "by itself", "a"),
        ("a.ZIP.zip", "by itself", "a"),
        ("a\nb", "U+000A", "a_b"),
        ("a\u{202e}b", "U+202E", "ab"),
    ] {
        let error = ArchiveName::new(bad).expect_err("a bad name is refused, never silently changed");
        assert_eq!(error.code(), Code::NameInvalid, "{bad:?} is a bad name");
        assert!(error.message().contains(why), "{bad:?} must be told why: {}", error.message());
        assert!(error.next_step().contains(&format!("{better:?}")), "{bad:?} needs a better one: {}", error.next_step());
        assert!(ArchiveName::new(better).is_ok(), "the suggestion {better:?} must itself be accepted");
    }
    assert!(ArchiveName::new(&"é".repeat(61)).is_err(), "122 bytes leave no room for what stands behind the name");
}

#[test]
fn names_are_put_together_with_slashes() {
    let top = ArchiveName::new("top").expect("a good name").top();
    let path = top.join(&EntryName::component("a/b"));
    assert_eq!(path.to_string(), "top/a_b", "a slash parts components and never stands in one");
}

/// Text with much of what makes trouble.
fn troublesome() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        3 => proptest::sample::select(vec![
            ".", "..", " ", "/", "\\", ":", "\0", "CON", "nul", "COM1", "LPT¹", ".gz", ".nii", ".stl", "e\u{301}", "\u{301}", "<",
            "\u{338}", "\u{202e}", "\u{200b}", "ß", "SS", "İ", "\u{212a}", "K", "\u{1100}", "\u{1161}", "\u{fb01}", "_2", "_",
        ]).prop_map(str::to_owned),
        1 => "[a-cA-C]{1,6}",
        1 => (1..40_usize).prop_map(|count| "長".repeat(count)),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_component_is_always_valid_and_stays(text in troublesome(), most in 32..=200_usize) {
        let safe = sanitise(&text, most);
        prop_assert_eq!(fault(&safe, most), None, "the check must accept what the sanitiser made");
        prop_assert_eq!(sanitise(&safe, most), safe.clone(), "what is safe must not change again");
        let again = sanitise(&text, most);
        prop_assert_eq!(again, safe.clone(), "the same text must give the same name");
        prop_assert!(EntryName::parse(&format!("top/{safe}")).is_ok(), "and it must pass as part of a path");
    }

    #[test]
    fn a_numbered_name_is_always_valid(text in troublesome(), most in 64..=200_usize, number in 2..=u32::MAX) {
        let numbered = numbered(&sanitise(&text, most), number, most);
        prop_assert_eq!(fault(&numbered, most), None, "a number must not make a name unsafe");
    }

    #[test]
    fn names_in_a_folder_are_unique_whatever_they_were(texts in proptest::collection::vec(troublesome(), 1..30)) {
        let name_all = || {
            let mut names = UniqueNames::default();
            texts
                .iter()
                .map(|text| sanitise(text, 64))
                .map(|safe| if names.claim(&safe) { safe } else { names.number(&safe, 64) })
                .collect::<Vec<_>>()
        };
        let names = name_all();
        let keys: std::collections::HashSet<_> = names.iter().map(|name| fold(name)).collect();
        prop_assert_eq!(keys.len(), names.len(), "no file system may take two of them for one");
        prop_assert_eq!(name_all(), names, "and the same files must get the same names");
    }

    #[test]
    fn an_archives_suggestion_is_always_accepted(text in troublesome()) {
        let suggested = super::suggestion(&text);
        prop_assert!(ArchiveName::new(&suggested).is_ok(), "the suggestion {:?} for {:?} must do", suggested, text);
    }

    #[test]
    fn parsing_never_accepts_what_the_sanitiser_would_change(text in troublesome()) {
        if let Ok(name) = EntryName::parse(&text) {
            for component in name.as_str().split('/') {
                let safe = EntryName::component(component);
                prop_assert_eq!(safe.as_str(), component, "an accepted part must be safe already");
            }
        }
    }
}
