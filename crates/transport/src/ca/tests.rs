use std::os::unix::fs::MetadataExt as _;

use super::*;
use crate::key::DeviceKey;
use x509_parser::prelude::{GeneralName, X509Certificate, parse_x509_certificate};

const DEVICE: DeviceId = DeviceId::from_bytes([0x5a; 16]);

fn parse<'a>(der: &'a CertificateDer<'_>) -> X509Certificate<'a> {
    let (rest, certificate) = parse_x509_certificate(der).unwrap();
    assert!(rest.is_empty());
    certificate
}

/// A request for everything a device must never get.
fn greedy_request() -> Vec<u8> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "somebody else");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
        .subject_alt_names
        .push(SanType::URI(ia5(&device_uri(DeviceId::from_bytes([1; 16]))).unwrap()));
    let request = params.serialize_request(&key).unwrap();
    request.der().to_vec()
}

#[test]
fn a_request_for_ca_rights_gets_an_ordinary_device_certificate() {
    let ca = RunCa::ephemeral().unwrap();
    let key = CsrKey::from_csr(&greedy_request()).unwrap();
    let der = ca.issue_device(DEVICE, &key, Validity::device()).unwrap();
    let certificate = parse(&der);

    let constraints = certificate.basic_constraints().unwrap().unwrap().value;
    assert!(!constraints.ca);
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert_eq!(usage.flags, 1, "digitalSignature and nothing else");
    let extended = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.client_auth && !extended.server_auth && !extended.any);
    let names = &certificate.subject_alternative_name().unwrap().unwrap().value.general_names;
    let uri = format!("urn:muster:device:{DEVICE}");
    assert_eq!(*names, vec![GeneralName::URI(&uri)]);
    assert_eq!(certificate.subject().to_string(), format!("CN={DEVICE}"));
    let ca_der = ca.certificate_der();
    let signer = parse(&ca_der);
    assert_eq!(certificate.issuer(), signer.subject());
    certificate.verify_signature(Some(signer.public_key())).unwrap();
}

#[test]
fn the_ca_may_sign_certificates_but_no_further_cas() {
    let der = RunCa::ephemeral().unwrap().certificate_der();
    let certificate = parse(&der);
    let constraints = certificate.basic_constraints().unwrap().unwrap().value;
    assert!(constraints.ca);
    assert_eq!(constraints.path_len_constraint, Some(0));
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign());
    assert_eq!(usage.flags.count_ones(), 1);
}

#[test]
fn a_servers_certificate_holds_this_machine_and_each_further_name_once() {
    let ca = RunCa::ephemeral().unwrap();
    let hosts = ["mdm.example", "192.0.2.7", "localhost", "::1", "MDM.example"];
    let hosts: [HostName; 5] = hosts.map(|text| text.parse().unwrap());
    let names = |identity: Identity| -> Vec<String> {
        let certificate = parse(&identity.chain[0]);
        let names = &certificate.subject_alternative_name().unwrap().unwrap().value.general_names;
        names.iter().map(ToString::to_string).collect()
    };
    let usual = names(ca.issue_server().unwrap());
    assert_eq!(usual.len(), 3, "{usual:?}");
    let more = names(ca.issue_server_for(&hosts).unwrap());
    assert_eq!(more[..3], usual[..]);
    assert_eq!(more[3..].len(), 2, "{more:?}");
    assert!(more[3].contains("mdm.example"), "{more:?}");
}

#[test]
fn two_certificates_of_one_key_differ_in_their_serial() {
    let ca = RunCa::ephemeral().unwrap();
    let csr = DeviceKey::generate().unwrap().csr_der().unwrap();
    let key = CsrKey::from_csr(&csr).unwrap();
    let issue = || ca.issue_device(DEVICE, &key, Validity::device()).unwrap();
    let (first, second) = (issue(), issue());
    assert_ne!(parse(&first).raw_serial(), parse(&second).raw_serial());
    assert_eq!(parse(&first).raw_serial().len(), 16);
}

#[test]
fn a_ca_is_found_again_and_its_key_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("new/run");
    let first = RunCa::open_or_create(&at).unwrap();
    let second = RunCa::open_or_create(&at).unwrap();
    assert_eq!(first.certificate_der(), second.certificate_der());
    assert_eq!(first.certificate_pem(), second.certificate_pem());
    let mode = |name: &str| fs::metadata(at.join(name)).unwrap().mode() & 0o777;
    assert_eq!(mode(KEY_FILE), 0o600);
    assert_eq!(mode(CERTIFICATE_FILE), 0o644);

    let server = second.issue_server().unwrap();
    let ca_der = first.certificate_der();
    parse(&server.chain[0]).verify_signature(Some(parse(&ca_der).public_key())).unwrap();
}

#[test]
fn half_a_pair_is_an_error_that_names_both_files() {
    for (lost, kept) in [(KEY_FILE, CERTIFICATE_FILE), (CERTIFICATE_FILE, KEY_FILE)] {
        let dir = tempfile::tempdir().unwrap();
        RunCa::open_or_create(dir.path()).unwrap();
        fs::remove_file(dir.path().join(lost)).unwrap();
        let refused = RunCa::open_or_create(dir.path());
        assert!(
            matches!(&refused, Err(CaError::HalfPair { present, missing })
                if present.ends_with(kept) && missing.ends_with(lost)),
            "{refused:?}"
        );
        assert!(!dir.path().join(lost).exists());
    }
}

#[test]
fn files_of_two_cas_are_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    RunCa::open_or_create(one.path()).unwrap();
    RunCa::open_or_create(two.path()).unwrap();
    fs::copy(one.path().join(KEY_FILE), two.path().join(KEY_FILE)).unwrap();
    let refused = RunCa::open_or_create(two.path());
    assert!(matches!(refused, Err(CaError::KeyMismatch { .. })));
}

#[test]
fn files_that_hold_something_else_are_refused() {
    for name in [KEY_FILE, CERTIFICATE_FILE] {
        let dir = tempfile::tempdir().unwrap();
        RunCa::open_or_create(dir.path()).unwrap();
        fs::write(dir.path().join(name), "not PEM").unwrap();
        let refused = RunCa::open_or_create(dir.path());
        assert!(
            matches!(&refused, Err(CaError::Malformed { path, .. }) if path.ends_with(name)),
            "{refused:?}"
        );
    }
}
