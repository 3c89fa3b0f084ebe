//! `muster token new`

use anyhow::Context as _;
use muster_server::{
    DataDir, TokenKind, TokenRequest, issue_folder_token, profile_named, profiles,
};
use serde_json::json;

use crate::cli::TokenNewArgs;
use crate::exit::{Exit, usage_error};
use crate::talk::{Format, print, print_json};

pub(super) async fn new(args: &TokenNewArgs, format: Format) -> anyhow::Result<Exit> {
    let profile = profile_named(&args.profile).ok_or_else(|| {
        let known = profiles().map(|profile| profile.name).join(" and ");
        usage_error(format!("no enrolment profile {:?}; there are {known}", args.profile))
    })?;
    let kind = if args.one_time { TokenKind::OneTime } else { TokenKind::Reusable };
    let request = TokenRequest { profile, kind, lifetime: args.expires_in };
    let data = DataDir::at(args.data.clone());
    let token = issue_folder_token(&data, request).await.context("failed to make a token")?;
    match format {
        Format::Text => print(&format!("{}\n", token.expose())),
        Format::Json => print_json(&json!({ "token": token.expose(), "profile": args.profile }))?,
    }
    Ok(Exit::Ok)
}
