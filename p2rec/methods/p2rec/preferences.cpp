#include "p2rec/methods/p2rec/preferences.h"

#include "autograd/check.h"

namespace p2rec {

ag::Tensor preference_of(Sequence items, const ItemGroups& groups) {
  AG_CHECK(!items.empty(), "preference_of: the sequence is empty, so it has no shares");
  std::vector<double> share(static_cast<size_t>(groups.groups), 0);
  for (int32_t item : items) {
    AG_CHECK(item >= 0 && static_cast<size_t>(item) < groups.group_of.size(), "preference_of: item ", item,
             " of ", groups.group_of.size());
    share.at(static_cast<size_t>(groups.group_of[static_cast<size_t>(item)])) += 1;
  }
  for (double& s : share) s /= static_cast<double>(items.size());
  return ag::Tensor::from({groups.groups}, share);
}

ag::Tensor user_preferences(const Interactions& data, const ItemGroups& groups) {
  AG_CHECK(data.items() == static_cast<int64_t>(groups.group_of.size()), "user_preferences: ", data.items(),
           " items but groups for ", groups.group_of.size());
  ag::Tensor preferences = ag::Tensor::empty({data.users(), groups.groups});
  for (int64_t user = 0; user < data.users(); ++user) {
    preferences.rows(user, user + 1)
        .copy_from(preference_of(training_part(data, user), groups).view({1, groups.groups}));
  }
  return preferences;
}

}  // namespace p2rec
