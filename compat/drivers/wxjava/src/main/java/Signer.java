import com.github.binarywang.wxpay.util.SignUtils;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The SDK's own signing of maps. */
final class Signer {
  private Signer() {}

  static List<String> signAll(JsonObject command) {
    String key = command.get("key").getAsString();
    String method = command.get("method").getAsString();
    List<String> signs = new ArrayList<>();
    for (JsonElement element : command.getAsJsonArray("maps")) {
      Map<String, String> map = new HashMap<>();
      element.getAsJsonObject().asMap().forEach((name, value) -> map.put(name, value.getAsString()));
      signs.add(method.equals("workwx")
          ? workwx(map, key) : SignUtils.createSign(map, method, key, new String[0]));
    }
    return signs;
  }

  private static String workwx(Map<String, String> map, String secret) {
    return SignUtils.createEntSign(map.get("act_name"), map.get("mch_billno"), map.get("mch_id"),
        map.get("nonce_str"), map.get("re_openid"), Integer.valueOf(map.get("total_amount")),
        map.get("wxappid"), secret, "MD5");
  }
}
