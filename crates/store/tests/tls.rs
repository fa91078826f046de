//! PostgreSQL over a network: TLS under a named authority, and none of the shortcuts.

use crate::outage::Server;
use lionrock_store::{Address, Error, Store};
use lionrock_testkit::engines::on_postgres;
use std::process::Command;

/// A port nobody listens at.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn open(url: &str) -> Result<Store, String> {
    Store::open(url).await.map_err(|error| error.to_string())
}

#[test]
fn a_store_is_reached_by_tls_under_the_named_authority_alone() {
    on_postgres(|_place| async move {
        let port = free_port();
        let server = Server::with_tls(tempfile::tempdir().unwrap(), port);
        let url = server.tell("start");
        assert!(url.contains("sslmode=verify-full"), "{url}");
        let store = open(&url).await.unwrap();
        let ask = "SELECT CASE WHEN ssl THEN 1 ELSE 0 END, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let row: Result<_, Error> = store.read(move |tx| tx.first(ask, &[])).await;
        let row = row.unwrap().unwrap();
        assert_eq!((row.int(0).unwrap(), row.text(1).unwrap()), (1, "TLSv1.3"), "every connection is protected");
        store.close().await;

        // Reached by another name, it is another server; where the authority's word is enough, it is not.
        let elsewhere = url.replace("localhost", "127.0.0.1");
        let refused = open(&elsewhere).await.unwrap_err();
        assert!(refused.contains("no TLS") && refused.contains("not valid for name"), "{refused}");
        let any_name = elsewhere.replace("verify-full", "require");
        open(&any_name).await.unwrap().close().await;

        // Another authority vouches for nobody here, by name or without.
        let other = server.folder().join("other.pem");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=Test authority", "-keyout", "/dev/null", "-out"])
            .arg(&other)
            .output()
            .unwrap();
        assert!(made.status.success());
        let authority = url.split("sslrootcert=").nth(1).unwrap();
        for mode in ["verify-full", "require"] {
            let foreign = url.replace(authority, &other.display().to_string()).replace("verify-full", mode);
            let refused = open(&foreign).await.unwrap_err();
            assert!(refused.contains("no TLS"), "{mode}: {refused}");
        }

        // A server that offers no TLS is not spoken to in clear.
        server.without_tls();
        let refused = open(&url).await.unwrap_err();
        assert!(refused.contains("does not support TLS"), "{refused}");
    });
}

#[test]
fn an_address_says_what_protects_it() {
    let address = |text: &str| {
        Address::parse(text).map(|it| matches!(it, Address::Postgres(server) if server.in_clear().is_empty()))
    };
    for good in [
        "postgres://a@localhost/db",
        "postgres://a@127.0.0.1/db",
        "postgres://a@[::1]/db",
        "postgres://a@/db?host=/run/pg",
    ] {
        assert!(address(good).unwrap(), "{good}");
    }
    for clear in [
        "postgres://a@db.example/db",
        "postgres://a@10.0.0.1/db?sslmode=disable",
        "postgres://a@localhost,db.example/db",
        "postgres://a@localhost/db?hostaddr=10.0.0.1",
    ] {
        assert!(!address(clear).unwrap(), "{clear}");
    }
    for wrong in [
        "sslmode=prefer",
        "sslmode=allow",
        "sslmode=require",
        "sslmode=verify-full",
        "sslrootcert=/dev/null",
        "sslmode=verify-full&sslrootcert=/dev/null",
        "sslmode=verify-full&sslrootcert=/nowhere.pem",
    ] {
        let refused = Address::parse(&format!("postgres://a@db.example/db?{wrong}")).unwrap_err().to_string();
        assert!(refused.contains("ssl") && !refused.contains("db.example"), "{wrong}: {refused}");
    }
}
