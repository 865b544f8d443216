import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackQueryResult;
import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackResult;
import com.github.binarywang.wxpay.bean.result.BaseWxPayResult;
import com.github.binarywang.wxpay.exception.WxPayException;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Drives the unmodified WxJava: one JSON command a line in, one JSON result a line out. Only the
 * base URL, the CA and the credentials are configured. `ok` is a value that the SDK returned,
 * `error` its one checked exception, `crash` any other: what a `catch (WxPayException)` misses.
 */
public final class Driver {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err); // an SDK that prints must not mix with the results
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(GSON.toJson(answer(GSON.fromJson(line, JsonObject.class))));
    }
  }

  private static Object answer(JsonObject command) {
    if (command.get("op").getAsString().equals("sign")) {
      return Map.of("signs", Signer.signAll(command));
    }
    try {
      return success(new Exchange(command).run());
    } catch (WxPayException e) {
      return failure("error", e, e.getErrCode());
    } catch (Throwable e) {
      return failure("crash", e, null);
    }
  }

  private static Map<String, Object> success(BaseWxPayResult result) {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("outcome", "ok");
    said.put("err_code", result.getErrCode());
    said.put("fields", result instanceof EntPayRedpackQueryResult query
        ? Fields.of(query) : Fields.of((EntPayRedpackResult) result));
    return said;
  }

  private static Map<String, Object> failure(String outcome, Throwable error, String errCode) {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("outcome", outcome);
    said.put("err_code", errCode);
    String cause = error instanceof WxPayException && error.getCause() != null
        ? " (" + error.getCause().getClass().getSimpleName() + ")" : "";
    said.put("error_class", error.getClass().getSimpleName() + cause);
    said.put("message", String.valueOf(error.getMessage()));
    return said;
  }
}
