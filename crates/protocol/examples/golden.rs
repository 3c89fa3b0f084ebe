//! Writes the golden bytes of the wire protocol.
//!
//! `cargo run -p muster-protocol --example golden -- fixtures/wire/v1`, from the top of the
//! repository. Files of samples that are gone are left for a person to delete.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

#[path = "../tests/golden/samples.rs"]
mod samples;
#[path = "../tests/golden/text.rs"]
mod text;

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: golden FOLDER, for example fixtures/wire/v1");
        return ExitCode::from(64);
    };
    match write(Path::new(&folder)) {
        Ok(files) => {
            println!("wrote {files} files and {}", text::INDEX);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("failed to write the golden bytes: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<usize> {
    let samples = samples::all();
    fs::create_dir_all(folder)?;
    for sample in &samples {
        fs::write(folder.join(format!("{}.hex", sample.name)), text::file(sample))?;
    }
    fs::write(folder.join(text::INDEX), text::index(&samples))?;
    Ok(samples.len())
}
