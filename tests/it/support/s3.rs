//! An S3 server of a test's own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use causerie::Config;
use futures::TryStreamExt as _;
use object_store::{ObjectStore as _, aws::AmazonS3Builder};

pub struct S3 {
    url: String,
    bucket: String,
    child: Child,
}

impl S3 {
    pub fn start() -> Self {
        let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/s3-server"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/s3-server can be run");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("its first line");
        let ready: serde_json::Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("no S3 server for this test; run `make s3`"));
        let text = |name: &str| ready[name].as_str().expect("a text").to_owned();
        Self { url: text("url"), bucket: text("bucket"), child }
    }

    /// Lets a server keep its files here.
    pub fn configure(&self, config: &mut Config) {
        config.files.url = format!("s3://{}", self.bucket);
        config.files.s3_endpoint.clone_from(&self.url);
        config.files.s3_access_key = "test".into();
        config.files.s3_secret_key = "test".into();
    }

    /// Names of all objects.
    pub async fn objects(&self) -> Vec<String> {
        let bucket = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_endpoint(&self.url)
            .with_allow_http(true)
            .with_access_key_id("test")
            .with_secret_access_key("test")
            .build()
            .expect("a bucket");
        let found: Vec<_> = bucket.list(None).try_collect().await.expect("a list");
        let mut names: Vec<_> =
            found.into_iter().map(|object| object.location.to_string()).collect();
        names.sort();
        names
    }

    /// Ends at once, as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // Gone already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
