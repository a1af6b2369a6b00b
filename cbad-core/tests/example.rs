//! The C program in README.md compiles without a warning, links with the static library, and runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The archive that cargo made beside this test: the newest, since features make several.
fn archive() -> PathBuf {
    let deps = std::env::current_exe().expect("path of this test");
    let deps = deps.parent().expect("folder of this test");
    let is_archive = |p: &Path| {
        let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        name.starts_with("libcbad_core") && name.ends_with(".a")
    };
    let made = |p: &PathBuf| p.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    std::fs::read_dir(deps)
        .expect("list the folder of this test")
        .map(|e| e.expect("entry").path())
        .filter(|p| is_archive(p))
        .max_by_key(made)
        .expect("libcbad_core*.a beside this test")
}

fn run(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(out.status.success(), "{command:?}: {}\n{}", out.status, String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn readme_example_compiles_and_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md");
    let after = readme.split_once("```c\n").expect("a C block in README.md").1;
    let program = after.split_once("```").expect("the C block's end").0;

    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("example");
    std::fs::create_dir_all(&dir).expect("make a directory for the test");
    let (source, binary) = (dir.join("example.c"), dir.join("example"));
    std::fs::write(&source, program).expect("write example.c");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_string());
    run(Command::new(compiler)
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .arg("-I")
        .arg(root.join("include"))
        .arg(&source)
        .arg(archive())
        .args(["-lm", "-ldl", "-lpthread", "-o"])
        .arg(&binary));
    assert_eq!(run(&mut Command::new(&binary)), "2 records, p = 1\n");
}
