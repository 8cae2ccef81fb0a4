#include "ledger/pi_scan.h"

#include <array>
#include <string>

#include "ledger/organisation_code.h"

namespace circula::ledger {
namespace {

constexpr std::size_t kIdentityCardDigits = 17;  // before the check character
constexpr std::size_t kCardDigitsMin = 16;
constexpr std::size_t kCardDigitsMax = 19;
constexpr std::size_t kCardGroupDigits = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_local_part(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}
bool is_domain(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; }

unsigned to_number(std::string_view digits) {
  unsigned number = 0;
  for (const char c : digits) number = number * 10 + static_cast<unsigned>(c - '0');
  return number;
}

bool passes_luhn(std::string_view digits) {
  unsigned sum = 0;
  bool doubled = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, doubled = !doubled) {
    unsigned digit = static_cast<unsigned>(*it - '0') * (doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 == 0;
}

bool is_bank_card(std::string_view digits) {
  if (digits.size() < kCardDigitsMin || digits.size() > kCardDigitsMax || !passes_luhn(digits)) return false;
  if (digits[0] == '4' || digits[0] == '6' || digits[0] == '9') return true;
  if (digits.size() != kCardDigitsMin) return false;
  const unsigned issuer = to_number(digits.substr(0, 4));
  return (issuer >= 5100 && issuer <= 5599) || (issuer >= 2221 && issuer <= 2720) ||
         (issuer >= 3528 && issuer <= 3589);
}

// 17 digits and the check character, upper or lower case.
bool is_identity_card(std::string_view card) {
  constexpr std::array<unsigned, kIdentityCardDigits> kWeights{7, 9, 10, 5,  8, 4, 2, 1, 6,
                                                               3, 7, 9,  10, 5, 8, 4, 2};
  constexpr std::string_view kCheckCharacters = "10X98765432";
  unsigned sum = 0;
  for (std::size_t i = 0; i < kIdentityCardDigits; ++i) {
    sum += static_cast<unsigned>(card[i] - '0') * kWeights[i];
  }
  const char check = card.back() == 'x' ? 'X' : card.back();
  const unsigned year = to_number(card.substr(6, 4));
  const unsigned month = to_number(card.substr(10, 2));
  const unsigned day = to_number(card.substr(12, 2));
  return card[0] != '0' && year >= 1800 && year <= 2099 && month >= 1 && month <= 12 && day >= 1 &&
         day <= 31 && check == kCheckCharacters[sum % kCheckCharacters.size()];
}

bool is_mobile(std::string_view digits) {
  return digits.size() == 11 && digits[0] == '1' && digits[1] >= '3';
}

std::string_view without_country_code(std::string_view digits, std::size_t national_size) {
  if (digits.size() == national_size + 2 && digits.starts_with("86")) digits.remove_prefix(2);
  if (digits.size() == national_size + 4 && digits.starts_with("0086")) digits.remove_prefix(4);
  return digits;
}

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  [[nodiscard]] std::optional<PersonalDataFound> run() const {
    for (std::size_t at = 0; at < text_.size(); ++at) {
      if (is_digit(text_[at]) && (at == 0 || !is_digit(text_[at - 1]))) {
        const std::string_view group = group_at(at);
        if (identity_card(at, group)) return PersonalDataFound{PersonalData::kIdentityCard, at};
        if (mobile_number(at, group)) return PersonalDataFound{PersonalData::kMobileNumber, at};
        if (bank_card(at, group)) return PersonalDataFound{PersonalData::kBankCard, at};
      }
      if (is_local_part(text_[at]) && (at == 0 || !is_local_part(text_[at - 1])) && email(at)) {
        return PersonalDataFound{PersonalData::kEmailAddress, at};
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  [[nodiscard]] std::string_view group_at(std::size_t at) const {
    std::size_t end = at;
    while (is_digit(byte(end))) ++end;
    return text_.substr(at, end - at);
  }

  [[nodiscard]] bool open_left(std::size_t at) const {
    if (at == 0) return true;
    const char before = text_[at - 1];
    if (before == '.') return at < 2 || !is_digit(text_[at - 2]);
    return !is_letter(before) && before != '_';
  }

  [[nodiscard]] bool open_right(std::size_t end) const {
    const char after = byte(end);
    if (after == '.') return !is_digit(byte(end + 1));
    return !is_letter(after) && after != '_';
  }

  // The group joined to the one that ends at `end`, by `joint`; empty if there is none.
  [[nodiscard]] std::string_view joined_after(std::size_t end, char joint) const {
    return byte(end) == joint ? group_at(end + 1) : std::string_view{};
  }

  [[nodiscard]] bool joined_before(std::size_t at, char joint, std::size_t digits) const {
    if (at == 0 || text_[at - 1] != joint) return false;
    std::size_t begin = at - 1;
    while (begin > 0 && at - 1 - begin <= digits && is_digit(text_[begin - 1])) --begin;
    return at - 1 - begin == digits;
  }

  [[nodiscard]] bool identity_card(std::size_t at, std::string_view group) const {
    if (!open_left(at)) return false;
    const std::size_t end = at + group.size();
    if (group.size() == kIdentityCardDigits + 1) return open_right(end) && is_identity_card(group);
    if (group.size() != kIdentityCardDigits || (byte(end) != 'X' && byte(end) != 'x')) return false;
    const char after = byte(end + 1);
    return !is_digit(after) && !is_letter(after) && after != '_' && is_identity_card(text_.substr(at, 18));
  }

  [[nodiscard]] bool mobile_number(std::size_t at, std::string_view group) const {
    if (!open_left(at)) return false;
    const std::size_t end = at + group.size();
    if (is_mobile(without_country_code(group, 11))) return open_right(end);
    const std::string_view first = without_country_code(group, 3);
    const char joint = byte(end);
    if (first.size() != 3 || (joint != ' ' && joint != '-')) return false;
    const std::string_view second = joined_after(end, joint);
    if (second.size() != 4) return false;
    const std::string_view third = joined_after(end + 5, joint);
    if (third.size() != 4 || !open_right(end + 10)) return false;
    return is_mobile(std::string(first).append(second).append(third));
  }

  [[nodiscard]] bool bank_card(std::size_t at, std::string_view group) const {
    if (!open_left(at)) return false;
    const std::size_t end = at + group.size();
    if (group.size() >= kCardDigitsMin) return open_right(end) && is_bank_card(group) && !is_uscc(group);
    const char joint = byte(end);
    if (group.size() != kCardGroupDigits || (joint != ' ' && joint != '-')) return false;
    return !joined_before(at, joint, kCardGroupDigits) && grouped_bank_card(at, joint);
  }

  [[nodiscard]] bool grouped_bank_card(std::size_t at, char joint) const {
    std::string digits;
    std::size_t end = at;
    for (std::string_view group = group_at(at); !group.empty(); group = joined_after(end, joint)) {
      // A short group is the last one; a longer one, or more digits than a card has, is no card.
      const bool last_was_short = digits.size() % kCardGroupDigits != 0;
      if (last_was_short || group.size() > kCardGroupDigits ||
          digits.size() + group.size() > kCardDigitsMax) {
        return false;
      }
      digits += group;
      end = static_cast<std::size_t>(group.data() - text_.data()) + group.size();
    }
    return open_right(end) && is_bank_card(digits);
  }

  [[nodiscard]] bool email(std::size_t at) const {
    std::size_t sign = at;
    while (is_local_part(byte(sign))) ++sign;
    if (byte(sign) != '@') return false;
    std::size_t end = sign + 1;
    while (is_domain(byte(end))) ++end;
    for (std::size_t dot = sign + 2; dot < end; ++dot) {
      const char before = text_[dot - 1];
      if (text_[dot] != '.' || !(is_letter(before) || is_digit(before))) continue;
      std::size_t label_end = dot + 1;
      while (label_end < end && is_letter(text_[label_end])) ++label_end;
      const bool closed = label_end == end || !is_digit(text_[label_end]);
      if (label_end - dot > 2 && closed) return true;
    }
    return false;
  }

  std::string_view text_;
};

}  // namespace

std::optional<PersonalDataFound> find_personal_data(std::string_view text) { return Scan(text).run(); }

std::string_view to_string(PersonalData pattern) {
  switch (pattern) {
    case PersonalData::kIdentityCard:
      return "identity card";
    case PersonalData::kMobileNumber:
      return "mobile number";
    case PersonalData::kBankCard:
      return "bank card";
    case PersonalData::kEmailAddress:
      return "e-mail address";
  }
  return "";
}

}  // namespace circula::ledger
