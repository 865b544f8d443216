import com.github.binarywang.wxpay.config.WxPayConfig;
import com.google.gson.JsonObject;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import org.apache.http.ssl.SSLContexts;

/**
 * The client's certificate. A p12 goes through the SDK's own loader, which trusts what the JVM
 * trusts; PEM, which the SDK does not read, through its `sslContext` setting.
 */
final class Identity {
  private static final char[] INTERNAL = "changeit".toCharArray();

  private Identity() {}

  static void configure(WxPayConfig config, JsonObject command) throws Exception {
    Path ca = Path.of(command.get("ca_file").getAsString());
    switch (command.get("identity").getAsString()) {
      case "p12" -> {
        trustInJvm(ca);
        config.setKeyPath(command.get("p12_file").getAsString());
      }
      case "pem" -> config.setSslContext(SSLContexts.custom()
          .loadKeyMaterial(keys(command), INTERNAL).loadTrustMaterial(trust(ca), null).build());
      default -> config.setSslContext(SSLContexts.custom().loadTrustMaterial(trust(ca), null).build());
    }
  }

  /** Sets the JVM's own trust store, as `-Djavax.net.ssl.trustStore` would. */
  private static void trustInJvm(Path ca) throws Exception {
    Path store = Files.createTempFile("trust", ".p12");
    try (var out = Files.newOutputStream(store)) {
      trust(ca).store(out, INTERNAL);
    }
    store.toFile().deleteOnExit();
    System.setProperty("javax.net.ssl.trustStore", store.toString());
    System.setProperty("javax.net.ssl.trustStorePassword", new String(INTERNAL));
  }

  private static KeyStore trust(Path ca) throws Exception {
    KeyStore store = emptyStore();
    int count = 0;
    for (Certificate certificate : certificates(ca)) {
      store.setCertificateEntry("ca" + count++, certificate);
    }
    return store;
  }

  private static KeyStore keys(JsonObject command) throws Exception {
    String pem = Files.readString(Path.of(command.get("key_file").getAsString()));
    byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
    PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    Certificate[] chain =
        certificates(Path.of(command.get("cert_file").getAsString())).toArray(new Certificate[0]);
    KeyStore store = emptyStore();
    store.setKeyEntry("merchant", key, INTERNAL, chain);
    return store;
  }

  private static KeyStore emptyStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, INTERNAL);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path pem) throws Exception {
    try (InputStream in = Files.newInputStream(pem)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
  }
}
