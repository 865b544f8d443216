//! The SDKs, and what is known of them before they are run.

use crate::credentials::Identity;
use crate::install::Part;
use crate::place;
use std::path::Path;
use std::process::Command;

/// A third-party SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sdk {
    /// `com.github.binarywang:weixin-java-pay`.
    WxJava,
    /// npm `wechatpay-axios-plugin`.
    AxiosPlugin,
    /// npm `@tnwx/kits`.
    Tnwx,
    /// PyPI `wechatpy`.
    Wechatpy,
}

/// What an SDK signs a map with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignMethod {
    /// MD5 with `key=`.
    Md5,
    /// HMAC-SHA256 with `key=`.
    HmacSha256,
    /// MD5 over the seven fields with `secret=`.
    Workwx,
}

impl SignMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Md5, Self::HmacSha256, Self::Workwx];

    /// The word of the drivers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::Workwx => "workwx",
        }
    }
}

impl Sdk {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::WxJava, Self::AxiosPlugin, Self::Tnwx, Self::Wechatpy];

    /// Its name and version, as the pinned files have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WxJava => "WxJava 4.7.2.B",
            Self::AxiosPlugin => "wechatpay-axios-plugin 0.9.6",
            Self::Tnwx => "@tnwx/kits 2.5.6",
            Self::Wechatpy => "wechatpy 1.8.18",
        }
    }

    /// Two letters for bill numbers, which hold `0-9 a-z A-Z` alone.
    #[must_use]
    pub const fn letters(self) -> &'static str {
        match self {
            Self::WxJava => "WJ",
            Self::AxiosPlugin => "AX",
            Self::Tnwx => "TN",
            Self::Wechatpy => "WP",
        }
    }

    /// What it is installed with.
    #[must_use]
    pub const fn part(self) -> Part {
        match self {
            Self::WxJava => Part::WxJava,
            Self::AxiosPlugin | Self::Tnwx => Part::Node,
            Self::Wechatpy => Part::Python,
        }
    }

    /// The forms of the merchant's certificate that it takes.
    #[must_use]
    pub const fn identities(self) -> &'static [Identity] {
        match self {
            Self::Tnwx => &[Identity::P12],
            _ => &[Identity::P12, Identity::Pem],
        }
    }

    /// Whether it can be told to call without a certificate.
    #[must_use]
    pub const fn can_omit_certificate(self) -> bool {
        !matches!(self, Self::Tnwx)
    }

    /// Whether it looks at `return_code` and `result_code` itself. Where it does
    /// not, a refusal is a plain answer whose codes the caller has to read.
    #[must_use]
    pub const fn reads_codes(self) -> bool {
        !matches!(self, Self::Tnwx)
    }

    /// Fields of the wire that it drops: a defect of its own, not the server's.
    ///
    /// WxJava 4.7.2.B maps `detail_id` of a query to the name `detailId`.
    #[must_use]
    pub const fn loses(self, field: &str) -> bool {
        matches!((self, field.as_bytes()), (Self::WxJava, b"detail_id"))
    }

    /// The command line of its driver.
    pub(crate) fn command(self, ca_file: Option<&Path>) -> Command {
        let home = place::installed(self.part().as_str());
        let sources = place::drivers(self.part().as_str());
        let mut command = match self {
            Self::WxJava => {
                let mut java = Command::new("java");
                let jar = home.join("wxjava-driver.jar");
                java.arg("-cp").arg(format!("{}:{}/*", jar.display(), home.join("lib").display()));
                java.arg("-XX:TieredStopAtLevel=1").arg("-XX:+UseSerialGC").arg("Driver");
                java
            }
            Self::AxiosPlugin | Self::Tnwx => {
                let mut node = Command::new("node");
                // The p12 of WeChat's tool is RC2-40; OpenSSL 3 reads that only so.
                node.arg("--openssl-legacy-provider");
                let script = if self == Self::Tnwx { "tnwx.js" } else { "axios_plugin.js" };
                node.arg(sources.join(script)).env("NODE_PATH", home.join("node_modules"));
                node.env("NODE_NO_WARNINGS", "1");
                if let Some(ca_file) = ca_file {
                    node.env("NODE_EXTRA_CA_CERTS", ca_file);
                }
                node
            }
            Self::Wechatpy => {
                let mut python = Command::new(home.join("bin/python"));
                python.arg("-B").arg(sources.join("driver.py"));
                python
            }
        };
        for name in
            ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
        {
            command.env_remove(name);
        }
        command
    }
}
